/* A child that lives on when the program has ended: the recording lasts until it ends, too, and its
 * output belongs to it. */
#include "check.h"

int main(void)
{
    printf("parent %d\n", (int)getpid());
    int gone[2];
    char byte;
    CHECK(pipe(gone) == 0);
    if (fork_flushed() == 0) {
        close(gone[1]);
        CHECK(read(gone[0], &byte, 1) == 0); /* the parent's end closes with it */
        sleep_ms(50);
        printf("child %d\n", (int)getpid());
        return 0;
    }
    return 0;
}
