/*
 * What the tracees share. A tracee is one small program that exercises one kernel interface, checks
 * it, and exits with 0; it is run natively, recorded, and replayed in every mode, found by its file
 * name alone. It prints values that differ from run to run (a pid, a time, an address): a replay
 * must print the same bytes.
 *
 * Comments in a tracee that tests/CMakeLists.txt and tests/run-tracee read:
 *
 *     expect: 139      the exit status as a shell shows it; 0 where there is no such line
 *     stdin: some text the input; /dev/null without
 *     flags: -static   for the compiler, after -O1 -g
 *     libs: -lm        for the linker
 *     needs: libcrypto a package of pkg-config's; without it the tracee is left out
 *     modes: native    the modes it is run in; all without
 */
#ifndef REEL_TESTS_TRACEES_CHECK_H
#define REEL_TESTS_TRACEES_CHECK_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE_NAME__, __LINE__, #condition))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void check_failed(const char *file, int line, const char *condition)
{
    int error = errno;
    fflush(stdout);
    fprintf(stderr, "%s:%d: not so: %s (errno %d: %s)\n", file, line, condition, error,
            strerror(error));
    exit(1);
}

static char scratch_path[64];
static pid_t scratch_owner;

static inline void scratch_leave(void)
{
    if (getpid() != scratch_owner || chdir(scratch_path) != 0)
        return;
    DIR *directory = opendir(".");
    for (struct dirent *entry; directory && (entry = readdir(directory));)
        if (unlink(entry->d_name) != 0)
            rmdir(entry->d_name);
    if (directory)
        closedir(directory);
    if (chdir("/") == 0)
        rmdir(scratch_path);
}

/* Makes an empty directory the working one; it goes, with the files in it, when this process exits.
 */
static inline void scratch_enter(void)
{
    strcpy(scratch_path, "/tmp/tracee-XXXXXX");
    CHECK(mkdtemp(scratch_path));
    CHECK(chdir(scratch_path) == 0);
    scratch_owner = getpid();
    CHECK(atexit(scratch_leave) == 0);
}

/* Creates the file with this content and returns it open for reading and writing, at its start. */
static inline int scratch_file(const char *name, const void *content, size_t length)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(pwrite(fd, content, length, 0) == (ssize_t)length);
    return fd;
}

/* fork() that leaves no copy of unwritten output in the child. */
static inline pid_t fork_flushed(void)
{
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    return pid;
}

static inline int wait_status(pid_t pid)
{
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

static inline void check_child_ok(pid_t pid)
{
    CHECK(wait_status(pid) == 0);
}

static inline void sleep_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        CHECK(errno == EINTR);
}

static inline int64_t now_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the process or thread sleeps in a call; nothing else than the kernel can tell. */
static inline void wait_asleep(pid_t tid)
{
    char path[32], text[128], state = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)tid);
    while (state != 'S') {
        sleep_ms(1);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = read(fd, text, sizeof text - 1);
        CHECK(length > 0);
        text[length] = 0;
        state = strrchr(text, ')')[2];
        close(fd);
    }
}

static inline void handle(int signal_number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    CHECK(sigaction(signal_number, &action, NULL) == 0);
}

static inline sigset_t set_of(int signal_number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    return set;
}

static inline pthread_t start(void *(*function)(void *), void *argument)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, function, argument) == 0);
    return thread;
}

static inline void *join(pthread_t thread)
{
    void *result;
    CHECK(pthread_join(thread, &result) == 0);
    return result;
}

#endif
