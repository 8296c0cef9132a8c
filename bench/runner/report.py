"""What was measured, as a table and as JSON."""

import json
import os
import platform

COLUMNS = (("workload", 15), ("variant", 15), ("wall", -9), ("ratio", -7), ("CPU", -9), ("ratio", -7),
           ("trace", -9), ("peak", -9), ("", 0))


def print_row(cells):
    line = "  ".join(cell.ljust(width) if width >= 0 else cell.rjust(-width)
                     for cell, (_, width) in zip(cells, COLUMNS))
    print(line.rstrip(), flush=True)


def print_head():
    print_row([title for title, _ in COLUMNS])


def size_text(size):
    for unit in ("B", "KiB", "MiB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"


def peak_text(kib):
    """A run may be too short for one look."""
    return size_text(kib * 1024) if kib else "--"


def seconds_text(seconds):
    return f"{seconds:.3f} s"


def bar_text(bar):
    word = {True: "holds", False: "MISSED", None: "not measured"}[bar["holds"]]
    return f"{bar['bar']}: {word}"


def remarks(summary, unit):
    result = [bar_text(bar) for bar in summary.get("bars", [])]
    if "error" in summary:
        result.insert(0, f"FAILED: {summary['error']}")
    if "rate_median" in summary:
        result.append(f"{summary['rate_median']:,.0f} {unit}")
    return "; ".join(result)


def cell(summary, field, text):
    return text(summary[field]) if field in summary else ""


def variant_row(name, variant, summary, unit):
    return [
        name, variant,
        cell(summary, "wall_median", seconds_text), cell(summary, "wall_ratio", "{:.2f}".format),
        cell(summary, "cpu_median", seconds_text), cell(summary, "cpu_ratio", "{:.2f}".format),
        cell(summary, "trace_bytes", size_text),
        cell(summary, "peak_sum_kib", peak_text), remarks(summary, unit),
    ]


def print_result(result):
    for key, text in (("skipped", "skipped"), ("error", "FAILED")):
        if key in result:
            print_row([result["workload"], f"{text}: {result[key]}"])
            return
    name = result["workload"]
    for variant, summary in result["variants"].items():
        print_row(variant_row(name, variant, summary, result["unit"]))
        name = ""
    if result["others"] > 0.1:
        print(f"{'':{COLUMNS[0][1]}}  (other programs kept {result['others']:.1f} of {os.cpu_count()} processors busy)")


def any_failed(results):
    return any("error" in part for result in results for part in (result, *result.get("variants", {}).values()))


def all_bars(results):
    return [bar["holds"] for result in results for summary in result.get("variants", {}).values()
            for bar in summary["bars"]]


def print_end(results):
    holds = all_bars(results)
    if holds:
        print(f"{holds.count(True)} bars hold, {holds.count(False)} are missed, {holds.count(None)} were not measured")


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "unknown")


def write_json(path, results, runs, divisor):
    """Times in seconds, one a run; sizes as their names say."""
    machine = {"kernel": platform.release(), "processor": processor(), "processors": os.cpu_count()}
    document = {"machine": machine, "runs": runs, "divisor": divisor, "results": results}
    path.write_text(json.dumps(document, indent=2) + "\n")
