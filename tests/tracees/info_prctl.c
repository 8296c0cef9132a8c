/* prctl: names, death signal, dumpable; each of another shape. */
#include <sys/prctl.h>

#include "check.h"

int main(void)
{
    char name[32];
    memset(name, 0x5a, sizeof name);
    CHECK(prctl(PR_SET_NAME, "a name that is far too long") == 0);
    CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a name that is ") == 0);
    CHECK(name[16] == 0x5a);
    int number = -1;
    CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
    CHECK(prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGUSR1);
    CHECK(prctl(PR_GET_DUMPABLE) >= 0);
    CHECK(prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_GET_DUMPABLE) == 0);
    CHECK(prctl(PR_SET_TIMERSLACK, 70000) == 0 && prctl(PR_GET_TIMERSLACK) == 70000);
    CHECK(prctl(12345) == -1 && errno == EINVAL);
    char comm[32] = "";
    CHECK(read(open("/proc/self/comm", O_RDONLY), comm, sizeof comm) == 16);
    printf("%d %s", (int)getpid(), comm);
    return 0;
}
