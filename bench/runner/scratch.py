"""The directory where everything happens, and which nothing survives.

A process of its own, the guardian, removes it when the last process that holds the writing end of a pipe has
ended: this one, and those it started through here. So nothing stays behind when the runner is
killed, by SIGKILL too. What is measured runs below bench/measure.c, which kills it in the same case.
"""

import fcntl
import os
import struct
import subprocess
import tempfile
from pathlib import Path

GUARDIAN = 'trap "" HUP INT TERM; cat; rm -rf "$1"'

# linux/fs.h
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_TOPDIR_FL = 0x80086601, 0x40086602, 0x00020000


def spread_subdirectories(path):
    """Asks ext4 to put each directory made in this one somewhere else on the disk, as `chattr +T` does.

    Without a journal ext4 does not reuse an inode for some minutes after its deletion, and spends seconds on passing
    over those that were deleted nearby: copying files after a run that did so, too, would cost what that left.
    Other file systems refuse, which does no harm.
    """
    directory = os.open(path, os.O_RDONLY)
    try:
        (flags,) = struct.unpack("i", fcntl.ioctl(directory, FS_IOC_GETFLAGS, struct.pack("i", 0)))
        fcntl.ioctl(directory, FS_IOC_SETFLAGS, struct.pack("i", flags | FS_TOPDIR_FL))
    except OSError:
        pass
    finally:
        os.close(directory)


class Scratch:
    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="reel-bench-"))
        reading, self._pipe = os.pipe()
        self._guardian = subprocess.Popen(["sh", "-c", GUARDIAN, "sh", self.path], stdin=reading,
                                          stdout=subprocess.DEVNULL, start_new_session=True)
        os.close(reading)
        (self.path / "tmp").mkdir()
        self._work = self.path / "work"
        self._work.mkdir()
        spread_subdirectories(self._work)
        self.environment = dict(os.environ, REEL_TRACE_DIR=str(self.path / "traces"), TMPDIR=str(self.path / "tmp"))

    def start(self, command, environment, **options):
        """A process in a session of its own, so that an interrupt from the terminal is for the runner alone."""
        return subprocess.Popen(command, env=dict(self.environment, **environment), stdin=subprocess.DEVNULL,
                                start_new_session=True, pass_fds=[self._pipe], **options)

    def new_directory(self):
        """Empty; the caller removes it."""
        return Path(tempfile.mkdtemp(dir=self._work))

    def close(self):
        os.close(self._pipe)
        self._guardian.wait()
