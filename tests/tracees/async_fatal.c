/* A signal without a handler ends a program that computes: it dies at a point, which is replayed.
 */
/* expect: 142 */
#include <sys/time.h>

#include "check.h"

static volatile unsigned long count;

int main(void)
{
    const struct itimerval soon = {{0, 0}, {0, 20000}};
    printf("computing\n");
    fflush(stdout);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    for (;;)
        count++;
}
