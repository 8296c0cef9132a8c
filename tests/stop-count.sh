#!/bin/sh
# stop-count.sh REEL GETPPID: a call costs at most two ptrace stops in recording and one in replay;
# one that the fast path serves costs none.
set -eu
reel=$1
getppid=$2
calls=10000
# Starting a program, up to its first own call, and ending it.
allowance=300

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export REEL_TRACE_DIR="$work/traces"

fail() {
    echo "stop-count: $*" >&2
    exit 1
}

# stops FILE: the number that --statistics printed there.
stops() {
    number=$(sed -n 's/^reel: \([0-9]*\) ptrace stops, .*/\1/p' "$1")
    [ -n "$number" ] || fail "no statistics: $(cat "$1")"
    echo "$number"
}

# record_and_replay OPTIONS…: sets $recorded and $replayed.
record_and_replay() {
    rm -rf "$work/trace"
    "$reel" record --statistics "$@" -o "$work/trace" "$getppid" $calls 2>"$work/record"
    "$reel" replay -a --statistics "$work/trace" 2>"$work/replay"
    recorded=$(stops "$work/record")
    replayed=$(stops "$work/replay")
    echo "$calls calls $*: $recorded stops in recording, $replayed in replay"
}

record_and_replay --no-fast-path
[ "$recorded" -ge $calls ] || fail "recording counted fewer stops than calls"
[ "$recorded" -le $((2 * calls + allowance)) ] || fail "more than two stops a call in recording"
[ "$replayed" -ge $calls ] || fail "replay counted fewer stops than calls"
[ "$replayed" -le $((calls + allowance)) ] || fail "more than one stop a call in replay"

record_and_replay
[ "$recorded" -le $((2 * allowance)) ] || fail "calls were recorded with stops"
[ "$replayed" -le $((2 * allowance)) ] || fail "calls were replayed with stops"
passed=$(sed -n 's/^reel: \([0-9]*\) system calls without a stop$/\1/p' "$work/replay")
[ "${passed:-0}" -ge $((calls - allowance)) ] || fail "replay passed ${passed:-no} calls without a stop"
