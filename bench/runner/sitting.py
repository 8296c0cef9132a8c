"""All runs of a workload, and what they come to."""

import shutil
import statistics
from collections import defaultdict

from .measuring import RunFailed
from .variants import ONE_CORE


def remove(path):
    """A trace, which is a directory or, of a peer, maybe a file."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def tree_bytes(path):
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())


class Sitting:
    """A variant that failed is not run again, nor are the replays of a recording that failed."""

    def __init__(self, bench, variants, workload):
        self.bench, self.variants, self.workload = bench, variants, workload
        self.measurements = defaultdict(list)
        self.failures = {}
        self.peaks, self.largest, self.trace_bytes = {}, defaultdict(int), {}

    def _run(self, variant, trace, warming_up):
        try:
            measurement = self.bench.run(self.workload, variant, trace, warming_up)
        except RunFailed as failure:
            self.failures[variant.name] = str(failure)
            return
        name = variant.name
        self.largest[name] = max(self.largest[name], measurement.largest_kib)
        if variant.kind == "record":
            self.trace_bytes[name] = tree_bytes(trace)
        if warming_up:
            self.peaks[name] = measurement.sum_kib
        else:
            self.measurements[name].append(measurement)

    def round(self, warming_up=False):
        """Each variant once, in turn, so that noise of the machine hits all of them."""
        lost = set()
        trace = self.bench.scratch.path / "trace"
        for variant in self.variants:
            if variant.kind == "record":
                remove(trace)
            if variant.recorder in lost:
                self.failures.setdefault(variant.name, "no recording")
            elif variant.name not in self.failures:
                self._run(variant, trace, warming_up)
            if variant.kind == "record" and variant.name in self.failures:
                lost.add(variant.recorder)
        remove(trace)

    def _summary(self, name):
        if name in self.failures:
            return {"error": self.failures[name]}
        runs = self.measurements[name]
        result = {"wall": [run.wall for run in runs], "cpu": [run.cpu for run in runs],
                  "peak_sum_kib": self.peaks[name], "peak_largest_kib": self.largest[name]}
        for time in ("wall", "cpu"):
            result[f"{time}_median"] = statistics.median(result[time])
        if runs[0].rate is not None:
            result["rate"] = [run.rate for run in runs]
            result["rate_median"] = statistics.median(result["rate"])
        if name in self.trace_bytes:
            result["trace_bytes"] = self.trace_bytes[name]
        return result

    def summaries(self):
        """By variant. Ratios are to the native run on one core, where that succeeded."""
        result = {variant.name: self._summary(variant.name) for variant in self.variants}
        base = result[ONE_CORE]
        for summary in result.values():
            if "error" in base or "error" in summary:
                continue
            for time in ("wall", "cpu"):
                summary[f"{time}_ratio"] = summary[f"{time}_median"] / base[f"{time}_median"]
            summary["extra_seconds"] = summary["wall_median"] - base["wall_median"]
        return result


def measure_workload(bench, variants, workload, runs):
    """The first round fills caches and the store, compares outputs and looks at memory; its times do not count."""
    sitting = Sitting(bench, variants, workload)
    sitting.round(warming_up=True)
    for _ in range(runs):
        sitting.round()
    return sitting.summaries()
