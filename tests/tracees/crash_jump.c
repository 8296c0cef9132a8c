/* A jump to an address where nothing is: the program counter itself is what faults. */
/* expect: 139 */
#include "check.h"

int main(void)
{
    printf("%p\n", (void *)main);
    fflush(stdout);
    void (*volatile nowhere)(void) = (void (*)(void))0x10;
    nowhere();
    return 0;
}
