/* Starting gdb and minding it. See gdb_launch.h. */
#include "replay/gdb/gdb_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/base/types.h"
#include "replay/pin.h"

struct gdb_launch {
    pid_t pid;
    bool foreground; /* gdb has the terminal, in a process group of its own */
    int end_fd;
    int status; /* set by the minder before end_fd becomes readable */
    pthread_t minder;
    struct sigaction old_interrupt;
};

/*
 * What gdb reads first. `monitor goto` moves the program without gdb's knowledge, so all that gdb
 * remembers of it is dropped after each monitor command, and the list of libraries is read again.
 * Python can do that quietly; in a gdb without it the first definition stays, which says so each
 * time.
 */
static const char initial_commands[] =
    "define hookpost-monitor\n"
    "maintenance flush register-cache\n"
    "maintenance flush dcache\n"
    "sharedlibrary\n"
    "end\n"
    "python\n"
    "import gdb\n"
    "class ReelForget(gdb.Command):\n"
    "    \"\"\"Forget registers, memory, libraries: `monitor goto` moved the program.\"\"\"\n"
    "    def __init__(self):\n"
    "        super().__init__('reel-forget', gdb.COMMAND_MAINTENANCE)\n"
    "    def invoke(self, argument, from_tty):\n"
    "        gdb.execute('maintenance flush register-cache', to_string=True)\n"
    "        gdb.execute('maintenance flush dcache', to_string=True)\n"
    "        if gdb.parameter('auto-solib-add'):\n"
    "            gdb.execute('sharedlibrary', to_string=True)\n"
    "ReelForget()\n"
    "gdb.execute('define hookpost-monitor\\nreel-forget\\nend')\n"
    "end\n";

/* The initial commands in a file that only gdb sees: a memfd that it inherits. */
static struct error *write_initial_commands(int *ret)
{
    CLEANUP(close_fd) int fd = memfd_create("reel-gdb-commands", 0);
    size_t size = sizeof(initial_commands) - 1;
    if (fd < 0 || pwrite(fd, initial_commands, size, 0) != (ssize_t)size)
        return error_errno(NULL, "cannot write gdb's first commands");
    *ret = take_fd(&fd);
    return NULL;
}

#define FIXED_ARGUMENTS 16
#define OWN_TEXT 512

/* gdb's arguments; the texts that need one are built in `text`. */
struct command_line {
    char commands[64], connect[OWN_TEXT], sysroot[4096];
    const char **argv;
    size_t count;
};

static void add(struct command_line *line, const char *argument)
{
    line->argv[line->count++] = argument;
}

static void add_option(struct command_line *line, const char *option, const char *value)
{
    add(line, option);
    add(line, value);
}

static size_t length_of(const char *const *list)
{
    size_t length = 0;
    while (list && list[length])
        length++;
    return length;
}

/* -l: a restart may replay for long before it answers. */
static struct error *build(struct command_line *line, const struct gdb_launch_options *options,
                           int commands_fd)
{
    size_t extra = length_of(options->arguments);
    line->argv = calloc(FIXED_ARGUMENTS + extra + 1, sizeof(*line->argv));
    if (!line->argv)
        return &err_no_memory;
    snprintf(line->commands, sizeof(line->commands), "/dev/fd/%d", commands_fd);
    snprintf(line->connect, sizeof(line->connect), "target extended-remote %s:%d",
             options->host ? options->host : "127.0.0.1", options->port);
    add(line, options->gdb ? options->gdb : "gdb");
    add_option(line, "-l", "10000");
    add_option(line, "-x", line->commands);
    if (options->sysroot) {
        int length =
            snprintf(line->sysroot, sizeof(line->sysroot), "set sysroot %s", options->sysroot);
        if (length >= (int)sizeof(line->sysroot))
            return error_new(NULL, "the sysroot's name is too long");
        add_option(line, "-ex", line->sysroot);
    }
    add_option(line, "-ex", line->connect);
    if (options->command_file)
        add_option(line, "-x", options->command_file);
    for (size_t i = 0; i < extra; i++)
        add(line, options->arguments[i]);
    return NULL;
}

/* Makes `group` the terminal's foreground group. SIGTTOU is what a background process gets for
 * this; blocked, the call just works (tcsetpgrp(3)). */
static void give_terminal(pid_t group)
{
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    tcsetpgrp(STDIN_FILENO, group);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* gdb was stopped by ^Z: stop as well, so that the shell takes over; when it lets us go on, so does
 * gdb. */
static void follow_stop(struct gdb_launch *launch)
{
    give_terminal(getpgrp());
    kill(0, SIGSTOP);
    give_terminal(launch->pid);
    kill(-launch->pid, SIGCONT);
}

static int exit_status(const siginfo_t *info)
{
    return info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
}

static void *mind(void *argument)
{
    struct gdb_launch *launch = argument;
    siginfo_t info = {0};
    int events = WEXITED | (launch->foreground ? WSTOPPED : 0);
    for (;;) {
        if (waitid(P_PID, (id_t)launch->pid, &info, events) < 0) {
            if (errno == EINTR)
                continue;
            break; /* somebody else reaped it */
        }
        if (info.si_code != CLD_STOPPED) {
            launch->status = exit_status(&info);
            break;
        }
        follow_stop(launch);
    }
    if (launch->foreground)
        give_terminal(getpgrp());
    eventfd_write(launch->end_fd, 1);
    return NULL;
}

/* In the child. Exit status 127 is a shell's for "not found". */
static void __attribute__((noreturn))
become_gdb(const struct gdb_launch *launch, const struct command_line *line, int failure_fd)
{
    sigset_t none;
    if (launch->foreground) {
        setpgid(0, 0);
        give_terminal(getpid());
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    sigaction(SIGINT, &launch->old_interrupt, NULL);
    replay_unpin();
    execvp(line->argv[0], (char *const *)line->argv);
    int number = errno;
    ssize_t ignored = write(failure_fd, &number, sizeof(number));
    (void)ignored;
    _exit(127);
}

static struct error *start_child(struct gdb_launch *launch, const struct command_line *line)
{
    int fds[2];
    int failure = 0;
    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_errno(NULL, "cannot start gdb");
    launch->pid = fork();
    if (launch->pid == 0)
        become_gdb(launch, line, fds[1]);
    int number = errno;
    close(fds[1]);
    if (launch->pid > 0 && launch->foreground)
        setpgid(launch->pid, launch->pid); /* as in the child: whoever is first */
    /* The pipe closes by itself at a successful exec. */
    bool failed = launch->pid < 0 || read(fds[0], &failure, sizeof(failure)) > 0;
    close(fds[0]);
    if (!failed)
        return NULL;
    if (launch->pid > 0)
        waitpid(launch->pid, NULL, 0);
    if (launch->foreground)
        give_terminal(getpgrp());
    errno = launch->pid < 0 ? number : failure;
    return error_errno("install it (apt install gdb), or name another with --debugger",
                       "cannot start the debugger '%s'", line->argv[0]);
}

static struct error *start(struct gdb_launch *launch, const struct gdb_launch_options *options)
{
    CLEANUP(close_fd) int commands = -1;
    struct command_line line = {0};
    struct error *error = write_initial_commands(&commands);
    if (!error)
        error = build(&line, options, commands);
    if (!error)
        error = start_child(launch, &line);
    free(line.argv);
    if (error)
        return error;
    errno = pthread_create(&launch->minder, NULL, mind, launch);
    if (!errno)
        return NULL;
    error = error_errno(NULL, "cannot mind gdb");
    kill(launch->pid, SIGKILL);
    waitpid(launch->pid, NULL, 0);
    return error;
}

struct error *gdb_launch_start(const struct gdb_launch_options *options, struct gdb_launch **ret)
{
    struct gdb_launch *launch = calloc(1, sizeof(*launch));
    if (!launch)
        return &err_no_memory;
    launch->end_fd = eventfd(0, EFD_CLOEXEC);
    launch->foreground = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, &launch->old_interrupt);
    struct error *error =
        launch->end_fd < 0 ? error_errno(NULL, "cannot start gdb") : start(launch, options);
    if (error) {
        sigaction(SIGINT, &launch->old_interrupt, NULL);
        cleanup_close_fd(&launch->end_fd);
        free(launch);
        return error;
    }
    *ret = launch;
    return NULL;
}

int gdb_launch_end_fd(const struct gdb_launch *launch)
{
    return launch->end_fd;
}

int gdb_launch_wait(struct gdb_launch *launch)
{
    pthread_join(launch->minder, NULL);
    sigaction(SIGINT, &launch->old_interrupt, NULL);
    int status = launch->status;
    close(launch->end_fd);
    free(launch);
    return status;
}
