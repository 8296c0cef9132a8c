/* exec by another thread than the first: it takes the first one's id. */
#include "check.h"

static void *exec_here(void *name)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    CHECK(getpid() != gettid());
    execl("/proc/self/exe", (char *)name, pid, (char *)NULL);
    CHECK(!"exec failed");
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        CHECK(atoi(argv[1]) == getpid() && getpid() == gettid());
        printf("after exec: %s\n", argv[1]);
        return 0;
    }
    join(start(exec_here, argv[0]));
    return 1;
}
