/* SIGKILL gives no stop at which anything could be done. */
/* expect: 137 */
#include "check.h"

int main(void)
{
    printf("%d\n", (int)getpid());
    fflush(stdout);
    kill(getpid(), SIGKILL);
    CHECK(!"alive");
    return 0;
}
