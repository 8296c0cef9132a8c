# SIGALRM of setitimer while the program sleeps, and while it reads a pipe.
command=(./program)
needs=(gcc)
setup() {
    cat >program.c <<'SOURCE'
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static volatile int alarms;
static void handler(int number) { alarms++; }
int main(void)
{
    int pair[2], interrupted = 0, got = 0;
    char byte;
    struct sigaction action = {.sa_handler = handler};
    struct timespec left = {0, 100000000};
    pipe(pair);
    if (fork() == 0) {
        for (int i = 0; i < 10; i++) {
            usleep(20000);
            write(pair[1], "x", 1);
        }
        _exit(0);
    }
    close(pair[1]);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 3000}, {0, 3000}}, NULL);
    while (nanosleep(&left, &left) != 0)
        interrupted++;
    printf("asleep: %d alarms, %d interruptions\n", alarms, interrupted);
    for (ssize_t length; (length = read(pair[0], &byte, 1)) != 0;)
        if (length == 1)
            got++;
        else if (errno == EINTR)
            interrupted++;
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    while (wait(NULL) < 0 && errno == EINTR)
        ;
    printf("reading: %d alarms, %d interruptions\n", alarms, interrupted);
    return got != 10;
}
SOURCE
    gcc -O1 -w -o program program.c
}
