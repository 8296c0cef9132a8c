#!/bin/bash
# killed.sh REEL: whoever is killed, whenever, nothing is left behind, and what was recorded replays.
#   1. the recorder, by SIGKILL: the trace replays to its last whole frame, says so, and nobody lives on
#   2. the program, by SIGKILL: recorded and replayed as a death by signal
#   3. the program, by ^C to the terminal's process group: it ends as it wants, the trace is complete
set -u
reel=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export REEL_TRACE_DIR=$work/root

fail() {
    echo "FAILED: $*"
    exit 1
}

strays() {
    sleep 0.2
    grep -lsz "^KILLED_TEST=$work\$" /proc/[0-9]*/environ | grep -v "/proc/$$/" | while read -r file; do
        grep -q '^State:.Z' "${file%environ}status" 2>/dev/null || echo "$file"
    done | grep -v "/proc/self" | head -n 3
}

# A tree of processes that is busy for some seconds.
busy='for i in $(seq 1 300); do (echo $i | tr 1 2 >/dev/null); done'
moments=(0.005 0.02 0.05 0.1 0.2 0.4 0.7 1.1)

for moment in "${moments[@]}"; do
    rm -rf "$work/trace"
    KILLED_TEST=$work setsid "$reel" record -o "$work/trace" bash -c "$busy" >/dev/null 2>&1 </dev/null &
    recorder=$!
    sleep "$moment"
    kill -9 "$recorder" 2>/dev/null
    wait "$recorder" 2>/dev/null
    [ -z "$(strays)" ] || fail "the recorder was killed after $moment s, and left $(strays)"
    [ -e "$work/trace/trace" ] || continue # killed before the trace was made
    timeout 60 "$reel" replay -a "$work/trace" >/dev/null 2>"$work/err" </dev/null
    status=$?
    [ "$status" = 2 ] || fail "killed after $moment s: replay ended with $status: $(cat "$work/err")"
    [ "$(grep -c '^reel: ' "$work/err")" = 1 ] || fail "killed after $moment s: $(cat "$work/err")"
done

for moment in 0.02 0.1 0.3 0.6; do
    rm -rf "$work/trace"
    KILLED_TEST=$work setsid "$reel" record -o "$work/trace" bash -c "$busy" >/dev/null 2>&1 </dev/null &
    recorder=$!
    sleep "$moment"
    program=$(pgrep -P "$recorder" | head -n 1)
    [ -n "$program" ] && kill -9 "$program"
    wait "$recorder"
    status=$?
    [ -z "$(strays)" ] || fail "the program was killed after $moment s, and left $(strays)"
    [ "$status" = 2 ] && continue # before it was executed
    timeout 60 "$reel" replay -a "$work/trace" >/dev/null 2>"$work/err" </dev/null
    [ $? = "$status" ] || fail "program killed after $moment s ($status): $(head -n 5 "$work/err")"
done

rm -rf "$work/trace"
KILLED_TEST=$work setsid env --default-signal=INT timeout -k 1 -s KILL 60 "$reel" record -o "$work/trace" bash -c 'trap "echo caught; exit 7" INT; while :; do sleep 0.05; done' \
    >"$work/out" 2>&1 </dev/null &
recorder=$!
sleep 0.5
kill -INT -- "-$recorder"
wait "$recorder"
[ $? = 7 ] || fail "^C: the program's status is lost"
grep -q caught "$work/out" || fail "^C did not reach the program's handler"
timeout 60 "$reel" replay -a "$work/trace" >"$work/out2" 2>&1 </dev/null
[ $? = 7 ] || fail "^C: the replay's status: $(cat "$work/out2")"
cmp "$work/out" "$work/out2" || fail "^C: other output"
echo "killed: ok"
