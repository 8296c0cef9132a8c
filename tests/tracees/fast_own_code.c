/* Code with a system call that is moved, protected and written over while it is in use. */
#include "check.h"

/* long f(void) { return getppid(); }, in a file of its own, so that it is code of a file. */
static const unsigned char code[] = {
    0x48, 0x8d, 0x3f,             /* lea (%rdi), %rdi */
    0xb8, 110,  0x00, 0x00, 0x00, /* mov $SYS_getppid, %eax */
    0x0f, 0x05,                   /* syscall */
    0xc3,                         /* ret */
};
static const unsigned char other[] = {0xb8, 42, 0x00, 0x00, 0x00, 0xc3}; /* mov $42, %eax; ret */

int main(void)
{
    scratch_enter();
    char page[4096];
    memset(page, 0xcc, sizeof(page));
    memcpy(page + 256, code, sizeof(code));
    int fd = scratch_file("code", page, sizeof(page));
    char *at = mmap(NULL, sizeof(page), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    CHECK(at != MAP_FAILED);
    long (*call)(void) = (long (*)(void))(at + 256);
    for (int i = 0; i < 10; i++)
        CHECK(call() == getppid());
    char *moved =
        mremap(at, sizeof(page), sizeof(page), MREMAP_MAYMOVE | MREMAP_FIXED, at - (4096 * 16));
    CHECK(moved != MAP_FAILED);
    call = (long (*)(void))(moved + 256);
    for (int i = 0; i < 10; i++)
        CHECK(call() == getppid());
    CHECK(memcmp(moved + 256 + 8, code + 8, 3) == 0);
    CHECK(mprotect(moved, sizeof(page), PROT_READ | PROT_WRITE) == 0);
    CHECK(memcmp(moved + 256, code, sizeof(code)) == 0);
    memcpy(moved + 256, other, sizeof(other));
    CHECK(mprotect(moved, sizeof(page), PROT_READ | PROT_EXEC) == 0);
    CHECK(call() == 42);
    CHECK(munmap(moved, sizeof(page)) == 0);
    printf("%d\n", (int)getppid());
    return 0;
}
