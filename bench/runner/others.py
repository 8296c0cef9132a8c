"""How much of the machine other programs take meanwhile: with much of it, wall times say little."""

import os
import resource
import time


def _busy_seconds():
    """Of all processors since the machine's start, as proc_stat(5) counts: all but idle and iowait."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_seconds():
    """Of this process, and of all that it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class OtherPrograms:
    """From its making on."""

    def __init__(self):
        self.since, self.busy, self.own = time.monotonic(), _busy_seconds(), _own_seconds()

    def processors(self):
        """The mean number of processors that they kept busy."""
        busy = (_busy_seconds() - self.busy) - (_own_seconds() - self.own)
        return max(0.0, busy / (time.monotonic() - self.since))
