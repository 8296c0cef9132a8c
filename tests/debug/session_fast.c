/* Calls that the fast path serves, and a function called now and then between them. */
#include <unistd.h>

static volatile int last;
static volatile long calls;

static void mark(int number)
{
    last = number;
}

int main(void)
{
    long parent = getppid();
    for (int i = 1; i <= 300; i++) {
        if (getppid() == parent)
            calls++;
        if (i % 30 == 0)
            mark(i);
    }
    return calls == 300 ? 0 : 1;
}
