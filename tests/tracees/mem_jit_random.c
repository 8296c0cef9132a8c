/* A run-time code generator that emits cpuid and rdrand, and constants that look like them: written
 * while the page is writable, run when it is executable, changed, moved, dropped, and inherited. */
#include <cpuid.h>

#include "check.h"

#define SIZE 8192

typedef uint64_t (*function)(void);

static const uint8_t ask_rdrand[] = {
    0x48, 0x0f, 0xc7, 0xf0, /* rdrand %rax */
    0x73, 0xfa,             /* jnc back */
    0xc3,
};
static const uint8_t ask_cpuid[] = {
    0x53,                                                    /* push %rbx */
    0xb8, 0x01, 0,    0,    0,                               /* mov $1, %eax */
    0x31, 0xc9,                                              /* xor %ecx, %ecx */
    0x0f, 0xa2,                                              /* cpuid */
    0x48, 0x89, 0xd8,                                        /* mov %rbx, %rax */
    0x49, 0xb8, 0x0f, 0xa2, 0x0f, 0xa2, 0x0f, 0xc7, 0xf0, 0, /* movabs $…, %r8 */
    0x5b,                                                    /* pop %rbx */
    0xc3,
};
static const uint8_t constant[] = {
    0x48, 0xb8, 0x0f, 0xa2, 0x0f, 0xc7, 0xf1, 0x0f, 0xa2, 0, /* movabs $…, %rax */
    0xc3,
};

static unsigned char *emit(void)
{
    unsigned char *code =
        mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(code != MAP_FAILED);
    memcpy(code, ask_rdrand, sizeof ask_rdrand);
    memcpy(code + 64, ask_cpuid, sizeof ask_cpuid);
    memcpy(code + 128, constant, sizeof constant);
    memcpy(code + 4096 + 100, ask_rdrand, sizeof ask_rdrand);
    CHECK(mprotect(code, SIZE, PROT_READ | PROT_EXEC) == 0);
    return code;
}

static uint64_t call(const unsigned char *code)
{
    return ((function)(uintptr_t)code)();
}

static void run(const char *name, const unsigned char *code)
{
    uint64_t value = call(code);
    printf("%s: %lx %lx %lx\n", name, value, call(code + 64), call(code + 4096 + 100));
    CHECK(call(code + 128) == 0x00a20ff1c70fa20f);
}

int main(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_RDRND))
        return 0;
    unsigned char *code = emit();
    run("emitted", code);
    /* Changed, with other code where a site was. */
    CHECK(mprotect(code, SIZE, PROT_READ | PROT_WRITE) == 0);
    memcpy(code, constant, sizeof constant);
    memcpy(code + 256, ask_rdrand, sizeof ask_rdrand);
    CHECK(mprotect(code, SIZE, PROT_READ | PROT_EXEC) == 0);
    CHECK(call(code) == 0x00a20ff1c70fa20f);
    printf("changed: %lx %lx\n", call(code + 256), call(code + 64));
    memset(mmap(code, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
           0xc3, SIZE); /* over it: nothing of it stays */
    CHECK(mprotect(code, SIZE, PROT_READ | PROT_EXEC) == 0);
    call(code + 64);
    munmap(code, SIZE);
    /* Moved. */
    code = emit();
    unsigned char *elsewhere = mmap(NULL, 2 * SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(elsewhere != MAP_FAILED);
    CHECK(mremap(code, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) == elsewhere);
    run("moved", elsewhere);
    /* Inherited. */
    pid_t pid = fork_flushed();
    run(pid ? "parent" : "child", elsewhere);
    if (pid == 0) {
        fflush(stdout);
        _exit(0);
    }
    check_child_ok(pid);
    return 0;
}
