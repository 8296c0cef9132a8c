/* Endless recursion without a handler. */
/* expect: 139 */
#include <sys/resource.h>

#include "check.h"

static int descend(int depth)
{
    volatile char frame[4096];
    frame[depth & 4095] = 1;
    return depth < 0 ? 0 : descend(depth + 1) + frame[depth & 4095];
}

int main(void)
{
    CHECK(setrlimit(RLIMIT_STACK, &(struct rlimit){1 << 20, 1 << 20}) == 0);
    printf("%d\n", (int)getpid());
    fflush(stdout);
    return descend(0);
}
