/* Output of several processes to one stdout: in the order in which they wrote. */
#include "check.h"

int main(void)
{
    for (int i = 0; i < 4; i++)
        if (fork_flushed() == 0) {
            for (int line = 0; line < 20; line++) {
                dprintf(1, "child %d line %d\n", i, line);
                sched_yield();
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}
