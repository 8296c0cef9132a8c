/* Death by a division by zero. */
/* expect: 136 */
#include "check.h"

int main(int argc, char **argv)
{
    printf("%p\n", (void *)argv);
    fflush(stdout);
    volatile int zero = argc - argc;
    return argc / zero;
}
