#include "engine/tracee/stop.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static enum stop_kind stop_of_event(int event, int signal)
{
    switch (event) {
    case PTRACE_EVENT_SECCOMP:
        return STOP_SECCOMP;
    case PTRACE_EVENT_FORK:
        return STOP_FORK;
    case PTRACE_EVENT_VFORK:
        return STOP_VFORK;
    case PTRACE_EVENT_CLONE:
        return STOP_CLONE;
    case PTRACE_EVENT_VFORK_DONE:
        return STOP_VFORK_DONE;
    case PTRACE_EVENT_EXEC:
        return STOP_EXEC;
    case PTRACE_EVENT_EXIT:
        return STOP_EXITING;
    case PTRACE_EVENT_STOP:
        return signal == SIGTRAP ? STOP_TRAP : STOP_GROUP;
    default:
        return STOP_SIGNAL;
    }
}

struct stop stop_classify(int status)
{
    struct stop stop = {.status = status};
    if (WIFEXITED(status)) {
        stop.kind = STOP_EXITED;
        return stop;
    }
    if (WIFSIGNALED(status)) {
        stop.kind = STOP_KILLED;
        stop.signal = WTERMSIG(status);
        return stop;
    }
    stop.signal = WSTOPSIG(status);
    if (stop.signal == (SIGTRAP | 0x80)) { /* PTRACE_O_TRACESYSGOOD */
        stop.kind = STOP_CALL;
        stop.signal = 0;
        return stop;
    }
    stop.kind = stop_of_event((unsigned)status >> 16, stop.signal);
    return stop;
}

const char *stop_kind_name(enum stop_kind kind)
{
    static const char *const names[] = {
        [STOP_EXITED] = "exited", [STOP_KILLED] = "killed",
        [STOP_CALL] = "call",     [STOP_SECCOMP] = "seccomp",
        [STOP_FORK] = "fork",     [STOP_VFORK] = "vfork",
        [STOP_CLONE] = "clone",   [STOP_VFORK_DONE] = "vfork-done",
        [STOP_EXEC] = "exec",     [STOP_EXITING] = "exiting",
        [STOP_GROUP] = "group",   [STOP_TRAP] = "trap",
        [STOP_SIGNAL] = "signal",
    };
    return names[kind];
}
