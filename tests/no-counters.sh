#!/bin/bash
# no-counters.sh REEL NO-COUNTERS TRACEES refuse|kill: what reel does works where perf_event_open is
# refused, and reel never calls it: where that would end it, nothing is missing. A part of the suite:
# tracees in every mode, programs of Debian's, a gdb session.
set -u
reel=$(realpath "$1")
wrapper=$(realpath "$2")
tracees=$(realpath "$3")
way=$4
tests=$(dirname "$(realpath "$0")")
failures=0

expect() { # STATUS COMMAND…
    local status=0 output
    output=$("${@:2}" 2>&1 </dev/null) || status=$?
    [ "$status" = "$1" ] && return
    echo "FAILED ($status, not $1): ${*:2}"
    printf '%s\n' "$output" | tail -n 20
    failures=$((failures + 1))
}

# The wrapper does what it says.
case $way in
refuse) expect 13 "$wrapper" refuse "$wrapper" try ;; # EACCES
kill) expect 159 "$wrapper" kill "$wrapper" try ;;    # 128 + SIGSYS
*) exit 2 ;;
esac

in_mode() { # MODE TRACEE…
    local mode=$1 tracee
    for tracee in "${@:2}"; do
        expect 0 "$wrapper" "$way" "$tests/run-tracee" "$reel" "$tracees/$tracee" \
            "$tests/tracees/$tracee.c" "$mode"
    done
}

in_mode replay cpu_strings info_rdtsc proc_exec_self sig_faults sig_itimer_sleep thr_mutex_cond
in_mode counted crash_segv mem_mremap out_children sig_itimer_calls thr_mutex_cond
in_mode check io_read_write
in_mode back static_simple
in_mode oracle static_simple
for program in bash_pipeline sigalrm; do
    expect 0 "$wrapper" "$way" "$tests/run-program" "$reel" "$tests/programs/$program.sh" 1
done
if type -P gdb >/dev/null; then
    expect 0 "$wrapper" "$way" "$tests/debug/run-session" "$reel" "$tests/debug/backward.gdb" \
        "$(dirname "$reel")/tests/debug"
fi
expect 0 "$wrapper" "$way" "$reel" doctor
exit $((failures > 0))
