/* personality(): reel asks for no randomisation of addresses, which shows here and does no harm. */
#include <sys/personality.h>

#include "check.h"

int main(void)
{
    int now = personality(0xffffffff);
    CHECK(now >= 0);
    CHECK(personality((unsigned long)now | READ_IMPLIES_EXEC) == now);
    CHECK(personality((unsigned long)now) == (now | READ_IMPLIES_EXEC));
    printf("%x at %p\n", now, (void *)&now);
    return 0;
}
