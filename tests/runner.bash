# What run-tracee, run-program and bad-input.sh share: bounded runs that leave no process behind.
# Sourced; needs REEL, the program under test. Sets WORK, a directory that is removed at the end of
# a test that passed. Traces go to REEL_TRACE_DIR beside REEL, so that tests share its store.

set -u
REEL=$(realpath "$REEL")
LIMIT=60
export REEL_TRACE_DIR=${REEL_TEST_DIR:-$(dirname "$REEL")/test-traces}
mkdir -p "$REEL_TRACE_DIR"
WORK=$(mktemp -d "$REEL_TRACE_DIR/work-XXXXXX")
SHOW=()   # what fail() prints: the commands so far
TRACE=    # the trace that fail() dumps the end of

finish() {
    rm -rf "$WORK"
    exit 0
}

# fail MESSAGE…: prints all that helps, and ends the test.
fail() {
    echo "FAILED: $*"
    printf '  ran: %s\n' "${SHOW[@]}"
    local file
    for file in "$WORK"/*.err; do
        if [ -s "$file" ]; then
            echo "--- $(basename "$file"), last lines:"
            tail -n 40 "$file"
        fi
    done
    if [ -n "$TRACE" ] && [ -e "$TRACE" ]; then
        echo "--- the trace's last events:"
        timeout -k 5 20 "$REEL" dump "$TRACE" 2>&1 </dev/null | tail -n 30
    fi
    echo "--- kept in $WORK"
    exit 1
}

# Processes of the session $1, or with the environment of this test, which are not yet dead.
strays() {
    local session=$1 directory line fields
    for directory in /proc/[0-9]*; do
        { read -r line <"$directory/stat"; } 2>/dev/null || continue
        fields=(${line##*) }) # state, parent, group, session
        [ "${fields[3]}" = "$session" ] && [ "${fields[0]}" != Z ] && echo "${directory#/proc/}"
    done
    env -u REEL_TEST_RUN grep -lsz "^REEL_TEST_RUN=$WORK\$" /proc/[0-9]*/environ |
        grep -o '[0-9]\+'
}

# run NAME INPUT COMMAND…: runs it as a session of its own, its output in $WORK/NAME.out and .err,
# its status in $STATUS. It must end in time, and nothing that it started may live on.
run() {
    local name=$1 input=$2 session left try
    shift 2
    SHOW+=("$* <$input")
    # shellcheck disable=SC2016 # $$ is the inner shell's
    { REEL_TEST_RUN=$WORK setsid bash -c 'echo $$ >"$0"; exec "$@"' "$WORK/session" \
        timeout -k 5 "$LIMIT" "$@" <"$input" >"$WORK/$name.out" 2>"$WORK/$name.err"; } 2>/dev/null
    STATUS=$?
    SHOW[-1]+=" -> status $STATUS"
    [ "$STATUS" = 124 ] && fail "$name: still running after $LIMIT seconds"
    session=$(<"$WORK/session")
    for try in 1 2 3 4 5 6 7 8 9 10; do
        left=$(strays "$session")
        [ -z "$left" ] && return
        sleep 0.2
    done
    fail "$name left processes behind: $(ps -o pid,ppid,stat,args -p "${left//$'\n'/,}")" \
        "$(xargs -r kill -KILL <<<"$left" 2>&1)"
}

# same A B: the output of two runs, both streams. reel's own lines on stderr are not the program's.
same() {
    local stream file
    for file in "$WORK/$1" "$WORK/$2"; do
        cp "$file.err" "$file.program-err"
        if grep -aq '^reel: ' "$file.err"; then # grep would end a last line that has no end
            grep -av '^reel: ' "$file.err" >"$file.program-err"
        fi
    done
    for stream in out program-err; do
        if ! cmp -s "$WORK/$1.$stream" "$WORK/$2.$stream"; then
            diff -a "$WORK/$1.$stream" "$WORK/$2.$stream" | head -n 40
            fail "$2 printed something else than $1 (to $stream)"
        fi
    done
}

# record_and_replay INPUT EXPECTED REPLAYS OPTIONS -- COMMAND…: records it once into $TRACE and
# replays it so often; statuses and outputs must agree. EXPECTED may be "any".
record_and_replay() {
    local input=$1 expected=$2 replays=$3 options=() i
    shift 3
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    TRACE=$WORK/trace
    rm -rf "$TRACE"
    run record "$input" "$REEL" record -o "$TRACE" "${options[@]}" "$@"
    [ "$expected" = any ] && expected=$STATUS
    [ "$STATUS" = "$expected" ] || fail "record ended with $STATUS, not $expected"
    for ((i = 1; i <= replays; i++)); do
        replay "replay-$i" "$expected"
    done
}

# replay NAME EXPECTED OPTIONS…: replays $TRACE, which must end and print as its recording did.
replay() {
    local name=$1 expected=$2
    shift 2
    run "$name" /dev/null "$REEL" replay -a "$@" "$TRACE"
    [ "$STATUS" = "$expected" ] || fail "$name ended with $STATUS, not $expected"
    same record "$name"
}

STEPS_MAX=150000 # instructions; single steps take 20 us each, more on a busy machine

# compare_counts EXPECTED: the engine counts as many instructions before each event of $TRACE as
# there are single steps; false if the recording is too long to be stepped.
compare_counts() {
    replay counted "$1" --counted --counts "$WORK/engine.counts"
    [ -s "$WORK/engine.counts" ] || fail "the engine counted nothing"
    [ "$(awk '{ sum += $3 } END { print sum }' "$WORK/engine.counts")" -le $STEPS_MAX ] || return 1
    replay stepped "$1" --steps --counts "$WORK/steps.counts"
    cmp "$WORK/engine.counts" "$WORK/steps.counts" ||
        fail "other counts: $(diff "$WORK/engine.counts" "$WORK/steps.counts" | head -n 10)"
}
