/* fork in a program of several threads: the child has one, and the others' locks as they were. */
#include "check.h"

static int gate[2];

static void *wait_at_gate(void *unused)
{
    char byte;
    CHECK(read(gate[0], &byte, 1) == 1);
    return unused;
}

static void *fork_here(void *result)
{
    pid_t child = fork_flushed();
    if (child == 0) {
        CHECK(getpid() == gettid());
        _exit(12);
    }
    CHECK(WEXITSTATUS(wait_status(child)) == 12);
    *(pid_t *)result = child;
    return NULL;
}

int main(void)
{
    pthread_t waiting[3];
    pid_t child;
    CHECK(pipe(gate) == 0);
    for (int i = 0; i < 3; i++)
        waiting[i] = start(wait_at_gate, NULL);
    join(start(fork_here, &child));
    CHECK(write(gate[1], "xxx", 3) == 3);
    for (int i = 0; i < 3; i++)
        join(waiting[i]);
    printf("%d\n", (int)child);
    return 0;
}
