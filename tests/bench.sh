#!/bin/sh
# bench.sh REEL: bench/run works: table, JSON, bars, peers, its errors; all workloads run; nothing stays behind.
set -eu
reel=$1
run=$(dirname "$0")/../bench/run
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp" "$work/bin"

fail() {
    echo "bench: $*" >&2
    exit 1
}

# bench ARGUMENTS…: a little of the work, once.
bench() {
    TMPDIR=$work/tmp "$run" --reel "$reel" --runs 1 --divide 100 "$@"
}

# refused PATTERN ARGUMENTS…: an error that says so.
refused() {
    pattern=$1
    shift
    ! bench "$@" >"$work/out" 2>&1 || fail "$* is no error"
    grep -q "$pattern" "$work/out" || fail "$*: $(cat "$work/out")"
}

nothing_is_left() {
    [ -z "$(ls -A "$work/tmp")" ] || return 1
    ! grep -lzF "TMPDIR=$work/tmp" /proc/[0-9]*/environ 2>/dev/null | grep -q .
}

# stopped SIGNAL: while a program is being recorded.
stopped() {
    TMPDIR=$work/tmp "$run" --reel "$reel" compute >/dev/null 2>&1 &
    runner=$!
    waited=0
    until ls "$work"/tmp/reel-bench-*/trace >/dev/null 2>&1; do
        waited=$((waited + 1))
        [ $waited -lt 600 ] || fail "no recording after a minute"
        sleep 0.1
    done
    kill -"$1" $runner
    wait $runner && fail "killed by $1, it ended with 0"
    waited=0
    until nothing_is_left; do
        waited=$((waited + 1))
        [ $waited -lt 100 ] || fail "after $1 there are still: $(ls -A "$work/tmp")"
        sleep 0.1
    done
}

# One sitting: a peer that records nothing beside reel, bars that hold, are missed, and cannot be told.
cat >"$work/bars" <<'END'
*          record          wall   <   1000
interpret  record          trace  <=  0   # a trace is larger
interpret  record          trace  <=  record
interpret  record          extra  <   none
compute    record          wall   <   0
END
# shellcheck disable=SC2016 # $TRACE is the peer's
bench --bars "$work/bars" --json "$work/json" --peer 'none: echo >$TRACE; true' interpret >"$work/table"
cat "$work/table"
told='wall < 1000: holds; trace <= 0: MISSED; trace <= record: holds; extra < none: not measured'
grep -q "^ *record .* s .*  $told\$" "$work/table" ||
    fail "no such table as was expected"
grep -q '^2 bars hold, 1 are missed, 1 were not measured$' "$work/table" ||
    fail "bars are not counted"
python3 - "$work/json" <<'END' || fail "no such JSON as was expected"
import json, sys
[result] = json.load(open(sys.argv[1]))["results"]
assert result["others"] >= 0
variants = result["variants"]
assert list(variants) == ["native", "one core", "record", "replay", "counted replay", "none record", "none replay"]
assert variants["one core"]["wall_ratio"] == 1 == variants["one core"]["cpu_ratio"]
assert variants["counted replay"]["wall_ratio"] > 0 < variants["counted replay"]["cpu_ratio"]
assert variants["record"]["trace_bytes"] > 1000 and variants["none record"]["trace_bytes"] > 0
assert all(len(variant["wall"]) == len(variant["cpu"]) == 1 for variant in variants.values())
assert variants["record"]["peak_largest_kib"] > 0
END
refused 'MISSED' --strict --no-counted --bars "$work/bars" interpret

# A recorder that fails is said to, and the others are measured all the same.
# shellcheck disable=SC2016 # $TRACE is the peer's
refused 'liar replay  *FAILED: .*not the recording' --no-counted --peer 'liar: echo >$TRACE; echo lie' interpret
refused 'broken replay  *FAILED: no recording' --no-counted --peer 'broken: false; true' interpret
grep -q '^ *replay .* s ' "$work/out" || fail "reel was not measured beside a broken peer"
refused 'took more than' --timeout 0.0001 interpret

refused 'no workload no-such' no-such-workload
refused 'a peer is' --peer nonsense interpret
echo 'interpret record wall about 1' >"$work/nonsense"
refused 'nonsense:1' --bars "$work/nonsense" interpret

# What is not installed is skipped, in so many words.
for program in sh cat rm; do
    ln -s "$(command -v $program)" "$work/bin"
done
python=$(python3 -c 'import sys; print(sys.executable)')
PATH=$work/bin "$python" "$run" --reel "$reel" sqlite-insert | grep -q '^sqlite-insert .*sqlite3 not installed' ||
    fail "a workload without its program"

# All of them run; those of other packages where these are installed.
bench --no-replay --json "$work/json" || fail "a workload that does not run"
python3 - "$work/json" <<'END' || fail "no rates of redis"
import json, sys
[redis] = [result for result in json.load(open(sys.argv[1]))["results"] if result["workload"] == "redis"]
assert "skipped" in redis or all(variant["rate"][0] > 0 for variant in redis["variants"].values())
END

nothing_is_left || fail "there are still: $(ls -A "$work/tmp")"
stopped TERM
stopped KILL
