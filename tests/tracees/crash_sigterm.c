/* Death by a signal sent to oneself. */
/* expect: 143 */
#include "check.h"

int main(void)
{
    printf("%d\n", (int)getpid());
    fflush(stdout);
    kill(getpid(), SIGTERM);
    CHECK(!"alive");
    return 0;
}
