"""The ways of running a workload: natively, and with each recorder."""

from dataclasses import dataclass
from typing import Callable

NATIVE, ONE_CORE = "native", "one core"


@dataclass
class Variant:
    name: str
    kind: str  # "native", "record" or "replay"
    recorder: str  # "" for native ones; a recorder's replays come after its recording
    command: Callable  # (the program and its arguments, path of the trace) -> what is executed


def native_variants():
    return [Variant(name, "native", "", lambda program, trace: program) for name in (NATIVE, ONE_CORE)]


def reel_variants(reel):
    return [
        Variant("record", "record", "reel", lambda program, trace: [reel, "record", "-o", trace, *program]),
        Variant("replay", "replay", "reel", lambda program, trace: [reel, "replay", "-a", trace]),
        Variant("counted replay", "replay", "reel", lambda program, trace: [reel, "replay", "-a", "--counted", trace]),
    ]


def in_shell(script, program, trace):
    return ["env", f"TRACE={trace}", "sh", "-c", f"exec {script}", "sh", *program]


def peer_variants(text):
    """Of 'NAME: RECORD-COMMAND; REPLAY-COMMAND'. Raises ValueError."""
    name, colon, commands = (part.strip() for part in text.partition(":"))
    record, semicolon, replay = (part.strip() for part in commands.partition(";"))
    if not (name and record and replay):
        raise ValueError(f"a peer is 'NAME: RECORD-COMMAND; REPLAY-COMMAND', not {text!r}")
    return [
        Variant(f"{name} record", "record", name, lambda program, trace: in_shell(f'{record} "$@"', program, trace)),
        Variant(f"{name} replay", "replay", name, lambda program, trace: in_shell(replay, [], trace)),
    ]
