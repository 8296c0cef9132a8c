/* A thread other than the first calls exit() while the first is inside a call. */
/* expect: 6 */
#include "check.h"

static void *end_all(void *unused)
{
    sleep_ms(5);
    printf("%d\n", (int)gettid());
    exit(6);
}

int main(void)
{
    join(start(end_all, NULL));
    return 1;
}
