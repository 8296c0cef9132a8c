/* Recursion 4 MB deep: the stack's mapping grows with no call at all. */
#include "check.h"

static long descend(int depth)
{
    volatile char frame[1024];
    frame[0] = (char)depth;
    frame[1023] = 1;
    return depth == 0 ? (long)getppid() : descend(depth - 1) + frame[1023] + (frame[0] & 0);
}

int main(void)
{
    CHECK(descend(4096) == (long)getppid() + 4096);
    printf("parent %ld\n", descend(1) - 1);
    return 0;
}
