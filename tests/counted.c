/*
 * counted TRACE [STREAM]: replays a stream wholly in the counting engine, comparing the registers
 * at every event, and says how many instructions that were and what CPU time it took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "replay/pin.h"
#include "replay/session.h"

static void check(struct error *error)
{
    if (!error)
        return;
    fprintf(stderr, "counted: %s\n", error_message(error));
    exit(1);
}

static double seconds(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t replay(struct session *session)
{
    struct run_result result;
    uint64_t count = 0;
    while (session_next(session)) {
        if (session_next(session)->reach != REACH_NOTHING) {
            check(session_run_counted(session, NULL, UINT64_MAX, &result));
            count += result.count;
        }
        check(result.end == RUN_ENDED_AT_SIGNAL
                  ? session_compare(session, result.signal) /* it would not be met again */
                  : session_reach(session));
        result.end = RUN_ENDED_AT_CALL;
        check(session_apply(session));
    }
    return count;
}

int main(int argc, char **argv)
{
    struct trace_reader *reader;
    struct store *store;
    struct session *session;
    check(trace_reader_open(argc > 1 ? argv[1] : "", &reader));
    replay_pin(trace_reader_header(reader));
    check(store_open(trace_reader_header(reader)->store, false, &store));
    const struct session_options options = {.reader = reader, .store = store};
    check(session_open(&options, argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1, &session));
    uint64_t resumed = tracee_resumes();
    uint64_t count = replay(session);
    resumed = tracee_resumes() - resumed;
    session_close(session);
    store_close(store);
    trace_reader_close(reader);
    printf("%lu instructions, %lu stops, %.3f s reel, %.3f s program\n", count, resumed,
           seconds(RUSAGE_SELF), seconds(RUSAGE_CHILDREN));
    return 0;
}
