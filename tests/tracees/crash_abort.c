/* abort(): blocks, unblocks and raises SIGABRT. */
/* expect: 134 */
#include "check.h"

int main(void)
{
    printf("%d aborts\n", (int)getpid());
    fflush(stdout);
    abort();
}
