#!/bin/bash
# What reel says of itself, and how it refuses: one line on stderr, status 2.
set -u
reel=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export REEL_TRACE_DIR="$work/root"
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# refuses TEXT WORD…: `reel WORD…` prints one line with TEXT on stderr, nothing else, and gives 2.
refuses() {
    local text=$1 status=0
    shift
    "$reel" "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" = 2 ] || fail "reel $*: status $status"
    [ -s "$work/out" ] && fail "reel $*: output $(cat "$work/out")"
    [ "$(wc -l <"$work/err")" = 1 ] || fail "reel $*: errors $(cat "$work/err")"
    grep -qF -- "$text" "$work/err" || fail "reel $*: no '$text' in: $(cat "$work/err")"
}

[[ "$("$reel" --version)" =~ ^reel\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "the version"
"$reel" --help | cmp -s - <("$reel") || fail "reel and reel --help differ"

# Every command that the overview lists describes itself.
commands=$("$reel" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 7 ] || fail "the overview lists: $commands"
for command in $commands; do
    "$reel" "$command" --help | grep -q "^usage: reel $command" || fail "reel $command --help"
done

refuses "there is no command frobnicate" frobnicate
refuses "has no option --frobnicate" ps --frobnicate
refuses "argument too many: b" ps a b
refuses "no latest trace in" info
refuses "no trace called nothing" verify nothing
refuses "no trace at $work" dump "$work"
refuses "is not a number: x" dump -s x
refuses "numbered from 1" dump -s 0
refuses "rm needs the name" rm
refuses "--counted is for replaying to the end" replay --counted
refuses "two ways of replaying" replay -a --counted --steps
refuses "a native replay has no counts" replay -a --counts "$work/counts"
refuses "cannot list $work/nowhere" ls "$work/nowhere"
mkdir "$work/empty" && : >"$work/empty/trace"
refuses "$work/empty/trace" verify "$work/empty"
[ -z "$("$reel" ls)" ] || fail "ls of no recordings"
[ -e "$REEL_TRACE_DIR" ] && fail "a listing made the trace directory"

# A full disk behind standard output is an error, too.
status=0
"$reel" ls --help >/dev/null || fail "reel ls --help"
"$reel" doctor >/dev/full 2>"$work/err" || status=$?
[ "$status" = 2 ] && grep -q "cannot write to standard output" "$work/err" || fail "doctor on /dev/full"

"$reel" doctor --json | python3 -c '
import json, sys
report = json.load(sys.stdin)
assert len(report["probes"]) > 15, report
assert report["ready"] == all(p["present"] for p in report["probes"] if p["needed"])' ||
    fail "doctor --json"
[ -e "$REEL_TRACE_DIR" ] && fail "doctor made the trace directory"

[ "$failures" = 0 ] && echo "all well"
exit $((failures > 0))
