/* The exit status is the low byte. */
/* expect: 42 */
#include "check.h"

int main(void)
{
    printf("%d\n", (int)getpid());
    exit(0x12342a);
}
