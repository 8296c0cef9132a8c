/* One thread crashes while others are inside calls: all of them end. */
/* expect: 139 */
#include "check.h"

static int never[2];

static void *wait_forever(void *unused)
{
    char byte;
    CHECK(read(never[0], &byte, 1) == 1);
    return unused;
}

static void *crash(void *unused)
{
    sleep_ms(5);
    *(volatile int *)16 = 1;
    return unused;
}

int main(void)
{
    CHECK(pipe(never) == 0);
    printf("%d\n", (int)getpid());
    fflush(stdout);
    for (int i = 0; i < 3; i++)
        start(wait_forever, NULL);
    join(start(crash, NULL));
    return 0;
}
