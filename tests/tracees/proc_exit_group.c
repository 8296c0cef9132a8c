/* exit() while other threads are inside calls. */
/* expect: 5 */
#include "check.h"

static int never[2];

static void *wait_forever(void *unused)
{
    char byte;
    CHECK(read(never[0], &byte, 1) == 1);
    return unused;
}

static void *sleep_long(void *unused)
{
    sleep_ms(100000);
    return unused;
}

int main(void)
{
    CHECK(pipe(never) == 0);
    for (int i = 0; i < 4; i++)
        start(i % 2 ? wait_forever : sleep_long, NULL);
    sleep_ms(5);
    printf("%d\n", (int)getpid());
    return 5;
}
