/* A function called a thousand times, with a call of the kernel now and then. */
#include <unistd.h>

static volatile int last;

static void hit(int number)
{
    last = number;
}

int main(void)
{
    for (int i = 1; i <= 1000; i++) {
        if (i % 100 == 0)
            getppid();
        hit(i);
    }
    return last == 1000 ? 0 : 1;
}
