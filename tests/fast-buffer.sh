#!/bin/bash
# fast-buffer.sh REEL JUNK KILLED: the memory that a recorded program shares with the recorder.
#   1. junk that the program writes there ends the recording with an error that says so, or goes
#      unnoticed where it made no difference; nothing crashes or hangs, nothing is left behind
#   2. what a program that is killed had recorded there is in the trace
REEL=$1
junk=$(realpath "$2")
killed=$(realpath "$3")
# shellcheck source=tests/runner.bash
. "$(dirname "$0")/runner.bash"

noticed=0
for seed in $(seq 12); do
    run "junk-$seed" /dev/null "$REEL" record -o "$WORK/junk-$seed.trace" "$junk" "$seed"
    [ "$STATUS" != 124 ] && [ "$STATUS" -lt 128 ] || fail "seed $seed: record ended with $STATUS"
    [ "$STATUS" != 77 ] || fail "the program found no such memory: is there no fast path?"
    grep -q 'has written over the buffer' "$WORK/junk-$seed.err" && noticed=$((noticed + 1))
    run "junk-replay-$seed" /dev/null "$REEL" replay -a "$WORK/junk-$seed.trace"
    [ "$STATUS" != 124 ] && [ "$STATUS" -lt 128 ] || fail "seed $seed: replay ended with $STATUS"
done
[ "$noticed" -ge 6 ] || fail "only $noticed of 12 were noticed"

record_and_replay /dev/null 137 1 -- "$killed"
writes=$("$REEL" dump "$TRACE" | grep -c 'call-fast write(')
[ "$writes" -ge 990 ] || fail "$writes of 1,000 writes are in the trace"
finish
