#!/bin/bash
# bad-input.sh REEL [NEWER-TRACE]: what is no program, no trace, or no place for one. Each is
# answered by exit status 2 and one line on stderr, "reel: …", that names the file; a program that
# runs already runs to its end.
REEL=$1
NEWER_TRACE=${2:-}
# shellcheck source=tests/runner.bash
. "$(dirname "$0")/runner.bash"
cases=0
wrongs=0

wrong() {
    echo "WRONG: $*"
    wrongs=$((wrongs + 1))
}

# refused NAME STATUS NAMED: what is left in $WORK/NAME.err by a command that ended with STATUS
# must be one line of reel's that contains NAMED.
refused() {
    cases=$((cases + 1))
    local lines
    lines=$(wc -l <"$WORK/$1.err")
    [ "$2" = 2 ] || wrong "$1: status $2: $(head -n 3 "$WORK/$1.err")"
    if [ "$lines" != 1 ] || ! grep -aq '^reel: ' "$WORK/$1.err"; then
        wrong "$1: not one line of reel's on stderr, but $lines: $(head -n 5 "$WORK/$1.err")"
    elif ! grep -aqF -- "$3" "$WORK/$1.err"; then
        wrong "$1: does not name $3: $(cat "$WORK/$1.err")"
    fi
}

# refuses NAME NAMED COMMAND…: the command is refused, and prints nothing else.
refuses() {
    local name=$1 named=$2
    shift 2
    run "$name" /dev/null "$@"
    refused "$name" "$STATUS" "$named"
    [ -s "$WORK/$name.out" ] && wrong "$name: printed to stdout: $(head -n 3 "$WORK/$name.out")"
}

not_programs() {
    local bad=$WORK/programs
    mkdir "$bad" "$bad/directory"
    refuses missing-program "$bad/absent" "$REEL" record -o "$WORK/t1" "$bad/absent"
    refuses missing-in-path no-such-program-at-all "$REEL" record -o "$WORK/t1" no-such-program-at-all
    refuses directory "$bad/directory" "$REEL" record -o "$WORK/t1" "$bad/directory"
    echo text >"$bad/not-executable"
    chmod 644 "$bad/not-executable"
    refuses not-executable "$bad/not-executable" "$REEL" record -o "$WORK/t1" "$bad/not-executable"
    echo 'echo this would run in a shell' >"$bad/no-interpreter"
    printf '#!/absent/interpreter\n' >"$bad/missing-interpreter"
    : >"$bad/empty"
    # The ELF header of a 32-bit program for the i386: class 1, machine 3, version 1.
    {
        printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000'
        printf '\002\000\003\000\001\000\000\000\000\200\004\010\064\000\000\000'
        head -c 20 /dev/zero
        head -c 4096 /dev/zero
    } >"$bad/32-bit"
    { # 64 bits, but for another machine (183, AArch64)
        printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\267\000\001'
        head -c 4096 /dev/zero
    } >"$bad/other-machine"
    chmod +x "$bad"/*
    chmod 644 "$bad/not-executable"
    local name
    for name in no-interpreter missing-interpreter empty 32-bit other-machine; do
        refuses "$name" "$bad/$name" "$REEL" record -o "$WORK/t1" "$bad/$name"
    done
    refuses no-program record "$REEL" record
    refuses unknown-option --no-such-option "$REEL" record --no-such-option /bin/true
    refuses unknown-command no-such-command "$REEL" no-such-command
}

not_places() {
    echo text >"$WORK/plain-file"
    refuses under-a-file "$WORK/plain-file" "$REEL" record -o "$WORK/plain-file/trace" \
        touch "$WORK/started"
    refuses in-proc /proc/absent "$REEL" record -o /proc/absent/trace touch "$WORK/started"
    if [ "$(id -u)" != 0 ]; then
        mkdir -m 500 "$WORK/read-only"
        refuses read-only "$WORK/read-only" "$REEL" record -o "$WORK/read-only/trace" \
            touch "$WORK/started"
    elif unshare -m true 2>/dev/null; then
        mkdir "$WORK/read-only"
        # shellcheck disable=SC2016
        refuses read-only "$WORK/read-only" unshare -m bash -c \
            'mount -t tmpfs -o ro none "$1" && exec "$0" record -o "$1/trace" touch "$2"' \
            "$REEL" "$WORK/read-only" "$WORK/started"
    fi
    REEL_TRACE_DIR=$WORK/plain-file/traces refuses trace-dir-variable "$WORK/plain-file" \
        "$REEL" record touch "$WORK/started"
    [ -e "$WORK/started" ] && wrong "a program was started without a place for its trace"
}

not_traces() {
    local good=$WORK/good bad=$WORK/trace name
    run record /dev/null "$REEL" record -o "$good" /bin/echo some words
    if [ "$STATUS" != 0 ]; then
        TRACE=$good
        fail "no recording to damage"
    fi
    mkdir "$bad"
    for name in replay verify; do
        local action=("$name")
        [ "$name" = replay ] && action=(replay -a)
        refuses "$name-missing" "$WORK/absent" "$REEL" "${action[@]}" "$WORK/absent"
        rm -f "$bad/trace"
        refuses "$name-empty-directory" "$bad" "$REEL" "${action[@]}" "$bad"
        : >"$bad/trace"
        refuses "$name-empty-file" "$bad" "$REEL" "${action[@]}" "$bad"
        echo 'this is a text, and not a trace at all' >"$bad/trace"
        refuses "$name-text" "$bad" "$REEL" "${action[@]}" "$bad"
        head -c 100000 /dev/urandom >"$bad/trace"
        refuses "$name-random" "$bad" "$REEL" "${action[@]}" "$bad"
        rm "$bad/trace"
        mkdir "$bad/trace"
        refuses "$name-directory" "$bad" "$REEL" "${action[@]}" "$bad"
        rmdir "$bad/trace"
        if [ -n "$NEWER_TRACE" ]; then
            "$NEWER_TRACE" "$good/trace" 4000 >"$bad/trace" || wrong "newer-trace failed"
            refuses "$name-newer" 4000 "$REEL" "${action[@]}" "$bad"
            "$NEWER_TRACE" "$good/trace" 0 >"$bad/trace" || wrong "newer-trace failed"
            refuses "$name-version-0" "$bad" "$REEL" "${action[@]}" "$bad"
            rm "$bad/trace"
        fi
    done
    rm -r "$bad"
    damaged_traces "$good"
}

# A byte changed, or the end cut off, at some hundred places. One session for all of them, as the
# search for stray processes takes longer than a replay. What is replayed before the damage is part
# of what the program printed.
damaged_traces() {
    local count
    mkdir "$WORK/damage"
    LIMIT=400
    run damage /dev/null bash "$(dirname "$0")/damage-trace" "$REEL" "$1" "$WORK/damage" \
        "$WORK/record.out"
    [ "$STATUS" = 0 ] || wrong "damaged traces: $(head -n 30 "$WORK/damage.out" "$WORK/damage.err")"
    count=$(tail -n 1 "$WORK/damage.out")
    cases=$((cases + ${count%% *}))
}

# A disk of 300 KB is full long before the end of a recording of random bytes. The program does not
# notice; its status is lost to reel's own; what was written is good.
full_disk() {
    local own=(unshare -m) disk=$WORK/disk
    mkdir "$disk"
    "${own[@]}" true 2>/dev/null || own=(unshare -rm)
    if ! "${own[@]}" mount -t tmpfs -o size=300k none "$disk" 2>/dev/null; then
        echo "skipped: a full disk (no mounts for this user)"
        return
    fi
    # shellcheck disable=SC2016
    run disk /dev/null "${own[@]}" bash -c '
        mount -t tmpfs -o size=300k none "$2/disk" || exit 9
        cd "$2" || exit 9
        "$1" record -o disk/trace sh -c "head -c 3000000 /dev/urandom | tee random; echo done >&2" \
            >full-disk.out 2>full-disk.all
        echo $? >full-disk.status
        "$1" replay -a disk/trace >full-replay.out 2>full-replay.all
        echo $? >full-replay.status' - "$REEL" "$WORK"
    [ "$STATUS" = 0 ] || wrong "full disk: $(cat "$WORK/disk.err")"
    cmp -s "$WORK/random" "$WORK/full-disk.out" || wrong "full disk: the program's output differs"
    [ "$(stat -c %s "$WORK/random")" = 3000000 ] || wrong "full disk: the program was cut short"
    grep -qx done "$WORK/full-disk.all" || wrong "full disk: the program did not come to its end"
    local name
    for name in full-disk full-replay; do
        grep -avx done "$WORK/$name.all" >"$WORK/$name.err"
        refused $name "$(cat "$WORK/$name.status")" disk/trace
    done
    cmp -s -n "$(stat -c %s "$WORK/full-replay.out")" "$WORK/random" "$WORK/full-replay.out" ||
        wrong "full disk: the replay printed what the program did not"
}

not_programs
not_places
not_traces
full_disk
echo "$cases cases, $wrongs wrong"
[ "$wrongs" = 0 ] && finish
echo "kept in $WORK"
exit 1
