/* stdout and stderr, turn by turn, each in its own order. */
#include "check.h"

int main(void)
{
    for (int i = 0; i < 50; i++) {
        dprintf(1, "out %d %d\n", i, (int)getpid());
        dprintf(2, "err %d %p\n", i, (void *)&i);
    }
    fputs("no newline at the end", stderr);
    return 0;
}
