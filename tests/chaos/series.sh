#!/bin/bash
# series.sh REEL: what --until-failure, --timeout and the seed promise, whatever the program.
set -u
reel=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export REEL_TRACE_DIR=$work/root

fail() {
    echo "FAILED: $*"
    cat "$work/err"
    exit 1
}

traces() {
    find "$REEL_TRACE_DIR" -name trace 2>/dev/null | wc -l
}

record() {
    "$reel" record "$@" >"$work/out" 2>"$work/err"
}

# No failure: nothing is kept, and reel says so.
record --until-failure 3 true || fail "true failed"
grep -q '^reel: no failure in 3 runs$' "$work/err" || fail "no word of it"
[ "$(traces)" = 0 ] || fail "a trace was kept"

# The third run fails: it alone is kept, its output came through like that of the others.
third='echo x >>"$0"; wc -l <"$0"; [ $(wc -l <"$0") -lt 3 ] || exit 7'
record --chaos=40 --until-failure 10 sh -c "$third" "$work/count"
[ $? = 7 ] || fail "the exit status is not the failing run's"
grep -q '^reel: run 3 of 10 failed (exit 7)' "$work/err" || fail "it does not say that the third failed"
grep -q '^reel: chaos seed 42$' "$work/err" || fail "the third run's seed is 42"
[ "$(tr '\n' ' ' <"$work/out")" = "1 2 3 " ] || fail "the output is wrong"
[ "$(traces)" = 1 ] || fail "$(traces) traces are there"
"$reel" info | grep -q '^chaos seed  42$' || fail "the trace does not have the seed"
"$reel" replay -a >"$work/replayed" 2>"$work/err"
[ $? = 7 ] || fail "the replay ends differently"
"$reel" rm "$("$reel" ls | head -n 1)" || fail "the trace cannot be removed"

# A program that cannot be recorded ends the series.
record --until-failure 5 "$work/nothing"
[ $? = 2 ] || fail "there is no such program"

# A hang is a failure; what takes SIGABRT for success as well.
record --timeout 1 --until-failure 2 sleep 60
[ $? = 134 ] || fail "sleep was not aborted"
record --timeout 1 bash -c 'trap "exit 0" ABRT; while :; do sleep 0.1; done'
[ $? = 124 ] || fail "what went well in the end has failed all the same"
record --timeout 1 bash -c 'trap "" ABRT; while :; do sleep 0.1; done'
[ $? = 137 ] || fail "what ignores SIGABRT was not killed"
rm -rf "$REEL_TRACE_DIR"

# A request to end ends the series, and nothing is left.
SERIES_TEST=$work "$reel" record --until-failure 1000 sh -c 'sleep 5' >"$work/out" 2>"$work/err" &
series=$!
sleep 1
kill -TERM "$series"
wait "$series"
[ $? = 143 ] || fail "the series went on after SIGTERM"
[ "$(traces)" = 0 ] || fail "the interrupted run was kept"
sleep 0.3
! grep -lsz "^SERIES_TEST=$work\$" /proc/[0-9]*/environ || fail "processes were left"
exit 0
