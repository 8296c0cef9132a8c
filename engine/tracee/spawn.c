#include "engine/tracee/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/seccomp_filter.h"

/* A vessel forks checkpoints by clone and has no secrets: its end needs no stop. */
#define VESSEL_OPTIONS                                                                             \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)
#define RECORD_OPTIONS                                                                             \
    (VESSEL_OPTIONS | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXIT |              \
     PTRACE_O_TRACESECCOMP)

static void restore_disposition(int signal, bool ignored)
{
    struct sigaction action = {.sa_handler = ignored ? SIG_IGN : SIG_DFL};
    sigaction(signal, &action, NULL);
}

/* Between fork and exec: only what is async-signal-safe. */
static void run_child(const struct spawn *spawn, int seized, int failure)
{
    char byte;
    if (read(seized, &byte, 1) != 1)
        _exit(127);
    restore_disposition(SIGINT, spawn->ignore_interrupt);
    restore_disposition(SIGQUIT, spawn->ignore_quit);
    sigprocmask(SIG_SETMASK, spawn->signal_mask, NULL);
    personality(ADDR_NO_RANDOMIZE); /* a convenience; a container may refuse it */
    bool ready = !spawn->trace_calls ||
                 (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0 && seccomp_filter_trace_calls());
    if (ready)
        execve(spawn->path, spawn->arguments, spawn->environment);
    int reason = errno;
    ssize_t ignored = write(failure, &reason, sizeof(reason));
    (void)ignored;
    _exit(127);
}

static struct error *seize(pid_t pid, unsigned long options, int seized)
{
    if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0)
        return error_errno("'reel doctor' says what forbids it", "cannot trace a child process");
    if (write(seized, "x", 1) != 1)
        return error_errno(NULL, "cannot start the child process");
    return NULL;
}

struct error *spawn_tracee(const struct spawn *spawn, struct tracee **ret, int *failure_pipe)
{
    int seized[2], failure[2];
    if (pipe2(seized, O_CLOEXEC) < 0)
        return error_errno(NULL, "cannot make a pipe");
    CLEANUP(close_fd) int seized_out = seized[0], seized_in = seized[1];
    if (pipe2(failure, O_CLOEXEC) < 0)
        return error_errno(NULL, "cannot make a pipe");
    CLEANUP(close_fd) int failure_out = failure[0], failure_in = failure[1];
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(NULL, "cannot fork");
    if (pid == 0)
        run_child(spawn, seized_out, failure_in);
    struct error *error =
        seize(pid, spawn->trace_calls ? RECORD_OPTIONS : VESSEL_OPTIONS, seized_in);
    if (!error)
        error = tracee_create(pid, ret);
    if (error) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, __WALL);
        return error;
    }
    *failure_pipe = take_fd(&failure_out);
    return NULL;
}
