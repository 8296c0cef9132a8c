#!/bin/sh
# bench.sh REEL: bench/run works: a table, JSON, a peer, its errors.
set -eu
reel=$1
run=$(dirname "$0")/../bench/run

fail() {
    echo "bench: $*" >&2
    exit 1
}

"$run" --reel "$reel" --runs 1 interpret | tee /dev/stderr | grep -q '^interpret .* s ' || fail "no table"
# shellcheck disable=SC2016 # $TRACE is the peer's
"$run" --reel "$reel" --runs 1 --json --peer 'none: echo >$TRACE; true' interpret |
    python3 -c '
import json, sys
[result] = json.load(sys.stdin)["results"]
variants = result["variants"]
assert list(variants) == ["native", "one core", "record", "replay", "counted replay", "none record", "none replay"]
assert variants["one core"]["ratio"] == 1 and variants["counted replay"]["ratio"] > 0
assert variants["record"]["trace_bytes"] > 1000 and variants["none record"]["trace_bytes"] > 0
assert all(len(variant["seconds"]) == 1 for variant in variants.values())
' || fail "no such JSON as was expected"
# shellcheck disable=SC2016 # $TRACE is the peer's
! "$run" --reel "$reel" --runs 1 --peer 'liar: echo >$TRACE; echo lie' interpret >/dev/null 2>&1 ||
    fail "a replay that prints something else"
! "$run" --reel "$reel" no-such-workload 2>/dev/null || fail "a workload that does not exist"
! "$run" --reel "$reel" --peer nonsense true 2>/dev/null || fail "a peer without commands"
