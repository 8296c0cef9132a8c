/*
 * reel record --until-failure: records a program again and again until a run fails, and keeps only
 * that.
 *
 * Each run has a recorder process of its own, forked, so that none inherits what another left
 * (signal handlers, processor masks). Ctrl-C ends the series with the run that is under way, whose
 * trace is thrown away.
 */
#ifndef REEL_COMMANDS_RECORD_SERIES_H
#define REEL_COMMANDS_RECORD_SERIES_H

#include "record/record.h"

/* How a recording ended. */
struct record_result {
    int status; /* of the program, as wait(2) gives it */
    enum record_end end;
};

/* The exit status of `reel record`. */
int run_exit_status(const struct record_result *result);

/* On stderr: what a user should know of the end of a run; nothing of most. */
void print_run_end(const struct record_options *options, const struct record_result *result);

/*
 * At most `runs` runs with these options; with chaos, the seeds count up from the one there, and
 * options->chaos_seed is the last run's afterwards. *kept: a trace is there. *interrupted: the
 * signal that ended the series, or 0.
 */
struct error *record_until_failure(struct record_options *options, uint64_t runs,
                                   struct record_result *result, bool *kept,
                                   int *interrupted) MUST_CHECK;

#endif
