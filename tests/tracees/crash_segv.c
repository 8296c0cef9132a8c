/* Death by SIGSEGV, after output that must not be lost. */
/* expect: 139 */
#include "check.h"

int main(void)
{
    printf("%d is about to die\n", (int)getpid());
    fflush(stdout);
    *(volatile int *)16 = 1;
    return 0;
}
