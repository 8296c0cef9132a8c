/*
 * Why a traced task stopped: the wait status as an enum. Pure, and tested by itself (ptrace(2),
 * "Stopped states").
 */
#ifndef REEL_TRACEE_STOP_H
#define REEL_TRACEE_STOP_H

#include <stdbool.h>

enum stop_kind {
    STOP_EXITED, /* the task is gone; `status` is what wait gave. Nothing more can be asked of it */
    STOP_KILLED, /* the same, by `signal` */
    STOP_CALL,   /* syscall-stop: entry or exit, whichever was due. Resume */
    STOP_SECCOMP, /* our filter saw a system call, before it is made. Resume, to its exit if wanted
                   */
    STOP_FORK,    /* inside fork, vfork or clone: the new task's id is the event message */
    STOP_VFORK,
    STOP_CLONE,
    STOP_VFORK_DONE,
    STOP_EXEC,    /* inside execve, the new image is there; the message is the former thread id */
    STOP_EXITING, /* about to end; the message is the status. Registers can still be read */
    STOP_GROUP,   /* stopped by job control signal `signal`: answer with RUN_LISTEN */
    STOP_TRAP,    /* PTRACE_INTERRUPT, the first stop of a new task, or SIGCONT */
    STOP_SIGNAL,  /* `signal` is about to be delivered: pass it on, or not */
};

struct stop {
    enum stop_kind kind;
    int signal;
    int status;
};

struct stop stop_classify(int status);

const char *stop_kind_name(enum stop_kind kind);

#endif
