"""The directory where everything happens, and which nothing survives.

A process of its own, the guardian, removes it when the last process that holds the writing end of a pipe has
ended: this one, and those it started through here. So nothing stays behind when the runner is
killed, by SIGKILL too. What is measured runs below bench/measure.c, which kills it in the same case.
"""

import os
import subprocess
import tempfile
from pathlib import Path

GUARDIAN = 'trap "" HUP INT TERM; cat; rm -rf "$1"'


class Scratch:
    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="reel-bench-"))
        reading, self._pipe = os.pipe()
        self._guardian = subprocess.Popen(["sh", "-c", GUARDIAN, "sh", self.path], stdin=reading,
                                          stdout=subprocess.DEVNULL, start_new_session=True)
        os.close(reading)
        (self.path / "tmp").mkdir()
        self.environment = dict(os.environ, REEL_TRACE_DIR=str(self.path / "traces"), TMPDIR=str(self.path / "tmp"))

    def start(self, command, environment, **options):
        """A process in a session of its own, so that an interrupt from the terminal is for the runner alone."""
        return subprocess.Popen(command, env=dict(self.environment, **environment), stdin=subprocess.DEVNULL,
                                start_new_session=True, pass_fds=[self._pipe], **options)

    def close(self):
        os.close(self._pipe)
        self._guardian.wait()
