#include "engine/tracee/probe_child.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t wait_for(pid_t pid, int *status)
{
    pid_t waited;
    do
        waited = waitpid(pid, status, __WALL);
    while (waited < 0 && errno == EINTR);
    return waited;
}

int probe_in_child(int (*body)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    if (pid < 0 || wait_for(pid, &status) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool probe_child_start(int (*body)(void), long options, struct probe_child *ret)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 1 ? body() : 0);
    }
    close(ends[0]);
    *ret = (struct probe_child){.pid = pid, .go = ends[1]};
    if (pid > 0 && ptrace(PTRACE_SEIZE, pid, 0, options | PTRACE_O_EXITKILL) == 0)
        return true;
    int saved = errno;
    probe_child_end(ret);
    errno = saved;
    return false;
}

bool probe_child_stop(const struct probe_child *child)
{
    int status;
    return ptrace(PTRACE_INTERRUPT, child->pid, 0, 0) == 0 && wait_for(child->pid, &status) > 0 &&
           WIFSTOPPED(status);
}

bool probe_child_go(const struct probe_child *child)
{
    ptrace(PTRACE_CONT, child->pid, 0, 0); /* fails when it was not stopped, and then need not */
    return write(child->go, "", 1) == 1;
}

bool probe_child_wait(const struct probe_child *child, int wanted)
{
    int status;
    while (wait_for(child->pid, &status) > 0 && WIFSTOPPED(status)) {
        if (status >> 8 == wanted)
            return true;
        bool is_event = status >> 16;
        if (ptrace(PTRACE_CONT, child->pid, 0, is_event ? 0 : WSTOPSIG(status)) != 0)
            return false;
    }
    return false;
}

void probe_child_end(struct probe_child *child)
{
    int status;
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        while (wait_for(child->pid, &status) > 0 && WIFSTOPPED(status))
            ;
    }
    close(child->go);
    *child = (struct probe_child){.pid = -1, .go = -1};
}
