/* A handler of SIGSEGV makes the page writable, and the instruction that faulted runs again. */
#include "check.h"

static char *page;
static volatile int repairs;

static void repair(int number, siginfo_t *info, void *context)
{
    CHECK(info->si_code == SEGV_ACCERR);
    CHECK((char *)info->si_addr >= page && (char *)info->si_addr < page + 4 * 4096);
    char *faulting = page + ((char *)info->si_addr - page) / 4096 * 4096;
    CHECK(mprotect(faulting, 4096, PROT_READ | PROT_WRITE) == 0);
    repairs++;
}

int main(void)
{
    page = mmap(NULL, 4 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    handle(SIGSEGV, repair, 0);
    for (int i = 0; i < 4 * 4096; i++)
        ((volatile char *)page)[i] = 'x';
    CHECK(repairs == 4);
    CHECK(mprotect(page, 4096, PROT_NONE) == 0);
    CHECK(write(1, page, 1) == -1 && errno == EFAULT); /* the kernel gets no signal */
    CHECK(mprotect((char *)1, 4096, PROT_NONE) == -1 && errno == EINVAL);
    printf("%d repairs at %p\n", repairs, (void *)page);
    return 0;
}
