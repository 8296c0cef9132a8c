/* munmap of the middle, of several mappings at once, and of nothing. */
#include <setjmp.h>

#include "check.h"

static sigjmp_buf back;

static void fault(int number, siginfo_t *info, void *context)
{
    CHECK(info->si_code == SEGV_MAPERR);
    siglongjmp(back, 1);
}

int main(void)
{
    char *map = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(map, 'm', 4 * 4096);
    CHECK(munmap(map + 4096, 4096) == 0);
    handle(SIGSEGV, fault, 0);
    if (sigsetjmp(back, 1) == 0) {
        ((volatile char *)map)[4096] = 1;
        CHECK(!"no fault");
    }
    CHECK(map[0] == 'm' && map[8192] == 'm');
    CHECK(munmap(map, 4 * 4096) == 0); /* two mappings and a hole */
    CHECK(munmap(map, 4 * 4096) == 0); /* nothing */
    CHECK(munmap(map + 1, 4096) == -1 && errno == EINVAL);
    printf("%p\n", (void *)map);
    return 0;
}
