"""The workloads: the files of bench/workloads/, made ready to run.

NAME.c is compiled with -O2 -pthread. NAME.sh is called with one word:

    build     once, in a directory of its own that is kept, $BENCH_BUILD: compilers of other languages
    prepare   in a new directory, before each run that needs its input
    run       what is measured, in that directory
    drive     with a line "# driver: UNIT" in the file: runs beside `run`, natively and not measured, ends it,
              and prints one number, a rate in UNIT

A line "# needs: PROGRAM…" names what has to be installed. All of them do the part 1/$BENCH_DIVISOR of their work.
"""

import os
import re
import shutil
import subprocess

HEADER = re.compile(r"^# (needs|driver): (.+)$", re.MULTILINE)


def is_newer(source, product):
    return not product.exists() or product.stat().st_mtime < source.stat().st_mtime


def compile_c(sources, program):
    """Where a source, or a header beside it, is newer than the program."""
    program.parent.mkdir(parents=True, exist_ok=True)
    headers = list(sources[0].parent.glob("*.h"))
    if any(is_newer(source, program) for source in [*sources, *headers]):
        subprocess.run(["cc", "-O2", "-pthread", "-D_GNU_SOURCE", "-o", program, *sources], check=True)
    return program


class Workload:
    def __init__(self, source, build):
        header = dict(HEADER.findall(source.read_text())) if source.suffix == ".sh" else {"needs": "cc"}
        self.name, self.source = source.stem, source
        self.needs = header.get("needs", "").split()
        self.unit = header.get("driver")
        self.is_script = source.suffix == ".sh"
        self.directory = build / self.name
        self.command = [str(source), "run"] if self.is_script else [str(self.directory / self.name)]

    def missing(self):
        return [program for program in self.needs if not shutil.which(program)]

    def environment(self, divisor):
        return {"BENCH_BUILD": str(self.directory), "BENCH_DIVISOR": str(divisor)}

    def build(self):
        """Raises subprocess.CalledProcessError; what the compiler says is on stderr."""
        if not self.is_script:
            compile_c([self.source], self.directory / self.name)
            return
        stamp = self.directory / ".built"
        if is_newer(self.source, stamp):
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory.mkdir(parents=True)
            subprocess.run([self.source, "build"], cwd=self.directory, check=True,
                           env=dict(os.environ, **self.environment(1)))
            stamp.touch()


def find_workloads(patterns, directory, build):
    """Those whose whole name matches one of the patterns; all where there are none. Raises LookupError."""
    sources = sorted(path for path in directory.iterdir() if path.suffix in (".c", ".sh"))
    wanted = {path for path in sources if not patterns}
    for pattern in patterns:
        found = {path for path in sources if re.fullmatch(pattern, path.stem)}
        if not found:
            raise LookupError(f"there is no workload {pattern}; there are: {' '.join(p.stem for p in sources)}")
        wanted |= found
    return [Workload(path, build) for path in sources if path in wanted]
