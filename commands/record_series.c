#include "commands/record_series.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/command_result.h"
#include "commands/human_text.h"
#include "commands/trace_remove.h"
#include "trace-format/location.h"

#define STATUS_GIVEN_UP                                                                            \
    124 /* as timeout(1) has it, for a program that took SIGABRT for success                       \
         */

int run_exit_status(const struct record_result *result)
{
    int status =
        WIFSIGNALED(result->status) ? 128 + WTERMSIG(result->status) : WEXITSTATUS(result->status);
    return status == 0 && result->end != RECORD_ENDED ? STATUS_GIVEN_UP : status;
}

void print_run_end(const struct record_options *options, const struct record_result *result)
{
    if (result->end == RECORD_TIMEOUT)
        fprintf(stderr, "reel: ended after %" PRIu64 " s\n", options->timeout_seconds);
    if (result->end == RECORD_DEADLOCK)
        fputs("reel: deadlock: all threads wait for each other; ended\n", stderr);
    if (options->chaos && run_exit_status(result))
        fprintf(stderr, "reel: chaos seed %" PRIu64 "\n", options->chaos_seed);
}

/* --- Signals to the series ------------------------------------------------------------------- */

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t ended_by;
static volatile sig_atomic_t recorder;

/* From the terminal, the program has got it as well; a second one is for those that do not heed
 * that. */
static void on_end(int signal, siginfo_t *info, void *context)
{
    bool again = ended_by;
    ended_by = signal;
    if (recorder > 0 && (again || info->si_code != SI_KERNEL))
        kill((pid_t)recorder, SIGTERM);
}

struct dispositions {
    struct sigaction old[ARRAY_LENGTH(ends)];
    sigset_t set, mask;
};

/* The signals are blocked except in wait_for(), so that none comes between fork and the rest. */
static void take_signals(struct dispositions *dispositions)
{
    const struct sigaction end = {.sa_sigaction = on_end, .sa_flags = SA_SIGINFO};
    ended_by = 0;
    sigemptyset(&dispositions->set);
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
        sigaction(ends[i], NULL, &dispositions->old[i]);
        if (dispositions->old[i].sa_handler == SIG_IGN)
            continue;
        sigaction(ends[i], &end, NULL);
        sigaddset(&dispositions->set, ends[i]);
    }
    sigprocmask(SIG_BLOCK, &dispositions->set, &dispositions->mask);
}

static void give_signals_back(const struct dispositions *dispositions)
{
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++)
        sigaction(ends[i], &dispositions->old[i], NULL);
    sigprocmask(SIG_SETMASK, &dispositions->mask, NULL);
}

/* --- One run --------------------------------------------------------------------------------- */

/* In the recorder process. */
static int record_run(const struct record_options *options, int answer)
{
    struct record_result result = {0};
    struct record_statistics statistics = {0};
    struct error *error = record_program(options, &result.status, &statistics);
    result.end = statistics.end;
    if (!error && write(answer, &result, sizeof(result)) != sizeof(result))
        error = error_errno(NULL, "cannot report the run");
    return command_result(error);
}

static struct error *wait_for(pid_t pid, const struct dispositions *dispositions)
{
    pid_t got;
    int status;
    recorder = pid;
    sigprocmask(SIG_UNBLOCK, &dispositions->set, NULL);
    do
        got = waitpid(pid, &status, 0);
    while (got < 0 && errno == EINTR);
    sigprocmask(SIG_BLOCK, &dispositions->set, NULL);
    recorder = 0;
    return got < 0 ? error_errno(NULL, "cannot wait for the recorder") : NULL;
}

/* *reported: the run was recorded. Else the recorder has said why not. */
static struct error *run_once(const struct record_options *options,
                              const struct dispositions *dispositions, struct record_result *result,
                              bool *reported)
{
    int ends_of_pipe[2];
    if (pipe2(ends_of_pipe, O_CLOEXEC) != 0)
        return error_errno(NULL, "cannot make a pipe");
    CLEANUP(close_fd) int answer = ends_of_pipe[0];
    CLEANUP(close_fd) int to_us = ends_of_pipe[1];
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return error_errno(NULL, "cannot start a recorder");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        give_signals_back(dispositions);
        _exit(getppid() == parent ? record_run(options, to_us) : COMMAND_FAILED);
    }
    struct error *error = wait_for(pid, dispositions);
    close(take_fd(&to_us));
    *reported = !error && read(answer, result, sizeof(*result)) == sizeof(*result);
    return error;
}

/* --- The series ------------------------------------------------------------------------------ */

static void print_failure(const struct record_options *options, const struct record_result *result,
                          uint64_t run, uint64_t runs)
{
    char text[HUMAN_TEXT];
    print_run_end(options, result);
    fprintf(stderr, "reel: run %" PRIu64 " of %" PRIu64 " failed (%s): %s\n", run, runs,
            wait_status_text((uint32_t)result->status, text), options->directory);
}

static void remove_trace(const struct record_options *options)
{
    if (access(options->directory, F_OK) == 0)
        error_free(trace_remove(options->directory));
}

static struct error *run_series(struct record_options *options, uint64_t runs,
                                const struct dispositions *dispositions,
                                struct record_result *result, bool *kept)
{
    for (uint64_t run = 1; run <= runs; run++) {
        bool reported = false;
        struct error *error = run_once(options, dispositions, result, &reported);
        if (!error && reported && !ended_by && run_exit_status(result)) {
            *kept = true;
            print_failure(options, result, run, runs);
            return NULL;
        }
        remove_trace(options);
        if (error || ended_by)
            return error;
        if (!reported)
            return error_new(NULL, "run %" PRIu64 " could not be recorded", run);
        options->chaos_seed++;
    }
    fprintf(stderr, "reel: no failure in %" PRIu64 " runs\n", runs);
    return NULL;
}

struct error *record_until_failure(struct record_options *options, uint64_t runs,
                                   struct record_result *result, bool *kept, int *interrupted)
{
    struct dispositions dispositions;
    const char *root = options->root;
    *kept = false;
    options->root = NULL; /* `latest` is for what is kept */
    take_signals(&dispositions);
    struct error *error = run_series(options, runs, &dispositions, result, kept);
    give_signals_back(&dispositions);
    *interrupted = ended_by;
    options->root = root;
    return !error && *kept && root ? trace_set_latest(root, options->directory) : error;
}
