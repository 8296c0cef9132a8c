"""One run of one variant, through bench/measure.c."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass

from .variants import ONE_CORE

SAMPLE_MS = 20


class RunFailed(Exception):
    pass


@dataclass
class Measurement:
    wall: float  # seconds
    cpu: float  # seconds, user and system, of all processes
    largest_kib: int
    sum_kib: int  # 0 where it was not looked for
    rate: float | None = None


def last_lines(path):
    return " / ".join(path.read_text(errors="replace").strip().splitlines()[-3:])


class Bench:
    """What all runs of a sitting share."""

    def __init__(self, scratch, measure, timeout, divisor):
        self.scratch, self.measure = scratch, str(measure)
        self.timeout, self.divisor = timeout, divisor

    def _path(self, name):
        return self.scratch.path / name

    def _call_script(self, workload, word, directory):
        """Waits for it; its output is returned."""
        with open(self._path("script-stderr"), "wb") as errors:
            process = self.scratch.start([str(workload.source), word], workload.environment(self.divisor),
                                         cwd=directory, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            output, _ = process.communicate(timeout=self.timeout)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RunFailed(f"{word}: took more than {self.timeout} s") from None
            raise
        if process.returncode != 0:
            lines = last_lines(self._path("script-stderr"))
            raise RunFailed(f"{word}: exit status {process.returncode}: {lines}")
        return output

    def _drive(self, workload, directory):
        text = self._call_script(workload, "drive", directory)
        try:
            return float(text)
        except ValueError:
            raise RunFailed(f"drive: printed no number: {text!r}") from None

    def _wait(self, process):
        """measure ends what it runs when it is told to end."""
        try:
            if process.wait(self.timeout) != 0:
                raise RunFailed("bench/measure failed")
        except subprocess.TimeoutExpired:
            raise RunFailed(f"took more than {self.timeout} s") from None

    def _start(self, workload, variant, trace, directory, warming_up):
        arguments = ["one" if variant.name == ONE_CORE else "any", str(SAMPLE_MS if warming_up else 0)]
        command = [self.measure, str(self._path("result")), *arguments, *variant.command(workload.command, str(trace))]
        output = self._path("stdout") if warming_up else "/dev/null"
        with open(output, "wb") as stdout, open(self._path("stderr"), "wb") as errors:
            return self.scratch.start(command, workload.environment(self.divisor), cwd=directory,
                                      stdout=stdout, stderr=errors)

    def _run_in(self, directory, workload, variant, trace, warming_up):
        rate = None
        if workload.is_script and variant.kind != "replay":
            self._call_script(workload, "prepare", directory)
        process = self._start(workload, variant, trace, directory, warming_up)
        try:
            if workload.unit and variant.kind != "replay":
                rate = self._drive(workload, directory)
            self._wait(process)
        finally:
            process.terminate()
            process.wait()
        wall, cpu, largest, total, status = map(int, self._path("result").read_text().split())
        if status != 0:
            raise RunFailed(f"exit status {status}: {last_lines(self._path('stderr'))}")
        return Measurement(wall / 1e9, cpu / 1e9, largest, total, rate)

    def _compare_output(self, variant):
        """A recording's output is kept; its replays print the same."""
        output, recorded = self._path("stdout"), self._path("recorded")
        if variant.kind == "record":
            output.replace(recorded)
        elif variant.kind == "replay" and output.read_bytes() != recorded.read_bytes():
            raise RunFailed("the output is not the recording's")

    def run(self, workload, variant, trace, warming_up):
        """The output goes to /dev/null, except to warm up: then it is compared, and memory is looked at."""
        directory = self.scratch.new_directory()
        try:
            measurement = self._run_in(directory, workload, variant, trace, warming_up)
            if warming_up:
                self._compare_output(variant)
            return measurement
        finally:
            shutil.rmtree(directory, ignore_errors=True)
