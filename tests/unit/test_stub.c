/* Stubs: what becomes of each kind of instruction, which are refused, where in one is where in the
 * window; and one that is executed. */
#include "tests/unit/trace_fixture.h"

#include <sys/mman.h>

#include "engine/fastpath/stub.h"

#define WINDOW_AT 0x400100ul
#define STUB_AT 0x600000ul
#define HOOK_AT 0x70002000ul
#define HOOK_JUMP_BYTES 19

#define BYTES(...)                                                                                 \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

struct stub_case {
    const char *what;
    uint8_t in_size;
    uint8_t in[WINDOW_BYTES_MAX];
    uint8_t out_size;
    uint8_t out[40]; /* before the jump to the hook */
};

/* The stub is 0x1fff00 bytes behind the window. */
static const struct stub_case moved[] = {
    {"mov $0x27, %eax", BYTES(0xb8, 0x27, 0, 0, 0), BYTES(0xb8, 0x27, 0, 0, 0)},
    {"pushes, a pop, of the stack pointer", BYTES(0x54, 0x5c, 0x48, 0x8b, 0x04, 0x24),
     BYTES(0x54, 0x5c, 0x48, 0x8b, 0x04, 0x24)},
    {"mov 0x300000(%rip), %rax", BYTES(0x48, 0x8b, 0x05, 0, 0, 0x30, 0),
     BYTES(0x48, 0x8b, 0x05, 0, 1, 0x10, 0)},
    {"lea backwards", BYTES(0x48, 0x8d, 0x3d, 0, 0xff, 0xff, 0xff),
     BYTES(0x48, 0x8d, 0x3d, 0, 0, 0xe0, 0xff)},
    {"cmpl $5, 0(%rip): an immediate behind it", BYTES(0x83, 0x3d, 0, 0, 0, 0, 5),
     BYTES(0x83, 0x3d, 0, 1, 0xe0, 0xff, 5)},
    {"vmovdqu 0(%rip), %ymm0", BYTES(0xc5, 0xfe, 0x6f, 0x05, 0, 0, 0, 0),
     BYTES(0xc5, 0xfe, 0x6f, 0x05, 0, 1, 0xe0, 0xff)},
    {"jne, 8 bits", BYTES(0x75, 0x20, 0x31, 0xc0, 0x89, 0xc7),
     BYTES(0x0f, 0x85, 0x1c, 1, 0xe0, 0xff, 0x31, 0xc0, 0x89, 0xc7)},
    {"jle, 32 bits", BYTES(0x0f, 0x8e, 0, 1, 0, 0), BYTES(0x0f, 0x8e, 0, 2, 0xe0, 0xff)},
    {"js to the syscall", BYTES(0x78, 3, 0x48, 0x89, 0xd8),
     BYTES(0x0f, 0x88, 0xff, 0, 0xe0, 0xff, 0x48, 0x89, 0xd8)},
    {"js to the start", BYTES(0x48, 0x89, 0xd8, 0x78, 0xfb),
     BYTES(0x48, 0x89, 0xd8, 0x0f, 0x88, 0xf7, 0, 0xe0, 0xff)},
    {"behind what grew", BYTES(0x75, 0x20, 0x8b, 0x05, 0, 0, 0, 0),
     BYTES(0x0f, 0x85, 0x1c, 1, 0xe0, 0xff, 0x8b, 0x05, 0xfc, 0, 0xe0, 0xff)},
};

static void instructions_are_moved(void **state)
{
    const uint64_t behind = WINDOW_AT;
    for (size_t i = 0; i < ARRAY_LENGTH(moved); i++) {
        const struct stub_case *c = &moved[i];
        struct stub stub;
        must(stub_make(c->in, c->in_size, taddr_of(WINDOW_AT), taddr_of(STUB_AT), taddr_of(HOOK_AT),
                       &stub));
        if (stub.size != c->out_size + HOOK_JUMP_BYTES || memcmp(stub.code, c->out, c->out_size))
            fail_msg("%s", c->what);
        uint8_t tail[HOOK_JUMP_BYTES] = {0x48, 0xb9, 0, 0, 0, 0, 0,    0,    0,   0,
                                         0x41, 0xbb, 0, 0, 0, 0, 0x41, 0xff, 0xe3};
        const uint64_t back = behind + c->in_size + 2;
        const uint32_t hook = HOOK_AT;
        memcpy(tail + 2, &back, sizeof(back));
        memcpy(tail + 12, &hook, sizeof(hook));
        assert_memory_equal(stub.code + c->out_size, tail, sizeof(tail));
        for (size_t k = stub.size; k < STUB_BYTES; k++)
            assert_int_equal(stub.code[k], 0xcc);
        static const uint8_t jump[] = {0xe9, 0xfb, 0xfe, 0x1f, 0};
        assert_memory_equal(stub.jump, jump, sizeof(jump));
    }
}

struct refused_case {
    const char *what;
    uint8_t size;
    uint8_t bytes[WINDOW_BYTES_MAX + 1];
};

static const struct refused_case refused[] = {
    {"a call", BYTES(0xe8, 0, 0, 0, 0)},
    {"a jump", BYTES(0xe9, 0, 0, 0, 0)},
    {"a return", BYTES(0xc3, 0xb8, 0, 0, 0, 0)},
    {"a syscall", BYTES(0x0f, 0x05, 0xb8, 0, 0, 0, 0)},
    {"int3", BYTES(0xcc, 0xb8, 0, 0, 0, 0)},
    {"ud2", BYTES(0x0f, 0x0b, 0xb8, 0, 0, 0, 0)},
    {"hlt", BYTES(0xf4, 0xb8, 0, 0, 0, 0)},
    {"jrcxz", BYTES(0xe3, 0x40, 0xb8, 0, 0, 0, 0)},
    {"loop", BYTES(0xe2, 0x40, 0xb8, 0, 0, 0, 0)},
    {"cpuid", BYTES(0x0f, 0xa2, 0xb8, 0, 0, 0, 0)},
    {"rdtsc", BYTES(0x0f, 0x31, 0xb8, 0, 0, 0, 0)},
    {"rdtscp", BYTES(0x0f, 0x01, 0xf9, 0xb8, 0, 0, 0, 0)},
    {"rdrand", BYTES(0x48, 0x0f, 0xc7, 0xf0, 0xb8, 0, 0, 0, 0)},
    {"rdpid", BYTES(0xf3, 0x0f, 0xc7, 0xf8, 0xb8, 0, 0, 0, 0)},
    {"xbegin", BYTES(0xc7, 0xf8, 0, 1, 0, 0)},
    {"a lock", BYTES(0xf0, 0x83, 0x07, 0x01, 0x31, 0xc0)},
    {"a repetition", BYTES(0xf3, 0x48, 0xab, 0x31, 0xc0)},
    {"popf", BYTES(0x9d, 0xb8, 0, 0, 0, 0)},
    {"cli", BYTES(0xfa, 0xb8, 0, 0, 0, 0)},
    {"in", BYTES(0xec, 0xb8, 0, 0, 0, 0)},
    {"mov to ss", BYTES(0x8e, 0xd0, 0xb8, 0, 0, 0, 0)},
    {"pop fs", BYTES(0x0f, 0xa1, 0xb8, 0, 0, 0, 0)},
    {"endbr64", BYTES(0xf3, 0x0f, 0x1e, 0xfa, 0x31, 0xc0)},
    {"a nop", BYTES(0x90, 0xb8, 0, 0, 0, 0)},
    {"a long nop", BYTES(0x0f, 0x1f, 0x44, 0, 0)},
    {"relative to eip", BYTES(0x67, 0x48, 0x8b, 0x05, 0, 0, 0, 0)},
    {"a branch with a prefix", BYTES(0x66, 0x75, 0x40, 0x31, 0xc0)},
    {"a branch into the window", BYTES(0x75, 2, 0x31, 0xc0, 0x31, 0xff)},
    {"a branch into an instruction", BYTES(0x75, 1, 0xb8, 0, 0, 0, 0)},
    {"a cut instruction", BYTES(0x31, 0xc0, 0xb8, 0, 0)},
    {"no instruction", BYTES(0x06, 0xb8, 0, 0, 0, 0)},
    {"too few bytes", BYTES(0x31, 0xc0, 0x31, 0xff)},
    {"too many", BYTES(0x31, 0xc0, 0x31, 0xc0, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0x31, 0xc0, 0x31,
                       0xc0, 0x31, 0xc0)},
    {"six instructions", BYTES(0x50, 0x51, 0x52, 0x53, 0x54, 0x55)},
};

static void others_are_refused(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
        struct stub stub;
        struct error *error = stub_make(refused[i].bytes, refused[i].size, taddr_of(WINDOW_AT),
                                        taddr_of(STUB_AT), taddr_of(HOOK_AT), &stub);
        if (!error)
            fail_msg("%s was taken", refused[i].what);
        error_free(error);
    }
}

static void what_is_out_of_reach_is_refused(void **state)
{
    struct stub stub;
    const uint8_t load[] = {0x8b, 0x05, 0, 0, 0, 0x80}, plain[] = {0xb8, 0, 0, 0, 0},
                  branch[] = {0x0f, 0x84, 0, 0, 0, 0x80};
    const taddr window = taddr_of(0x100000000), near = taddr_of(0x100000000 - 0x1000);
    const taddr behind = taddr_of(0x100001000), hook = taddr_of(HOOK_AT);
    must(stub_make(load, sizeof(load), window, near, hook, &stub));
    must_fail(stub_make(load, sizeof(load), window, behind, hook, &stub), "too far");
    must(stub_make(branch, sizeof(branch), window, near, hook, &stub));
    must_fail(stub_make(branch, sizeof(branch), window, behind, hook, &stub), "too far");
    /* The jump itself, to the byte. */
    must(stub_make(plain, sizeof(plain), window, taddr_of(0x180000004), hook, &stub));
    must_fail(stub_make(plain, sizeof(plain), window, taddr_of(0x180000005), hook, &stub),
              "too far");
    must(stub_make(plain, sizeof(plain), window, taddr_of(0x80000005), hook, &stub));
    must_fail(stub_make(plain, sizeof(plain), window, taddr_of(0x80000004), hook, &stub),
              "too far");
    must_fail(stub_make(plain, sizeof(plain), window, near, taddr_of(0x100000000), &stub), "hook");
}

static void places_are_mapped_back(void **state)
{
    /* jne (2 bytes, 6 in the stub); mov 0(%rip), %eax (6); xor %edi, %edi (2) */
    const uint8_t window[] = {0x75, 0x20, 0x8b, 0x05, 0, 0, 0, 0, 0x31, 0xff};
    struct stub stub;
    must(stub_make(window, sizeof(window), taddr_of(WINDOW_AT), taddr_of(STUB_AT),
                   taddr_of(HOOK_AT), &stub));
    assert_int_equal(stub_place(&stub, 0), 0);
    assert_int_equal(stub_place(&stub, 6), 2);
    assert_int_equal(stub_place(&stub, 12), 8);
    assert_int_equal(stub_place(&stub, 14), 10); /* the movabs */
    assert_int_equal(stub_place(&stub, 24), 10);
    assert_int_equal(stub_place(&stub, 30), 10);
    assert_int_equal(stub_place(&stub, 255), 10);
}

/* --- Executed -------------------------------------------------------------------------------- */

#define CODE_BYTES 0x3000
#define DATA 0x800
#define STUB 0x2000

/* int function(int which), its window of 10 bytes at 7, the syscall at 17. */
static const uint8_t function[] = {
    0x53,                         /*  0 push %rbx */
    0x48, 0x89, 0xfb,             /*  1 mov %rdi, %rbx */
    0x48, 0x85, 0xff,             /*  4 test %rdi, %rdi */
    0x8b, 0x15, 0xf3, 0x07, 0, 0, /*  7 mov DATA(%rip), %edx */
    0x75, 8,                      /* 13 jne 23 */
    0x89, 0xd0,                   /* 15 mov %edx, %eax */
    0x0f, 0x05,                   /* 17 syscall */
    0x01, 0xd0,                   /* 19 add %edx, %eax */
    0x5b, 0xc3,                   /* 21 pop %rbx; ret */
    0x8d, 0x82, 0xe8, 0x03, 0, 0, /* 23 lea 1000(%rdx), %eax */
    0x5b, 0xc3,                   /* 29 pop %rbx; ret */
};

/* lea 1(%rax, %rax), %eax; jmp *%rcx */
static const uint8_t hook_code[] = {0x8d, 0x44, 0x00, 0x01, 0xff, 0xe1};

static void a_stub_is_executed(void **state)
{
    const int access = PROT_READ | PROT_WRITE | PROT_EXEC, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    uint8_t *code = mmap(NULL, CODE_BYTES, access, flags, -1, 0);
    uint8_t *hook = mmap(NULL, PAGE_BYTES, access, flags | MAP_32BIT, -1, 0);
    const int data = 20;
    struct stub stub;
    assert_true(code != MAP_FAILED && hook != MAP_FAILED);
    memcpy(code, function, sizeof(function));
    memcpy(code + DATA, &data, sizeof(data));
    memcpy(hook, hook_code, sizeof(hook_code));
    must(stub_make(code + 7, 10, taddr_of((uintptr_t)code + 7), taddr_of((uintptr_t)code + STUB),
                   taddr_of((uintptr_t)hook), &stub));
    memcpy(code + STUB, stub.code, sizeof(stub.code));
    memcpy(code + 7, stub.jump, sizeof(stub.jump));
    int (*call)(long) = (int (*)(long))(uintptr_t)code;
    assert_int_equal(call(0), 20 * 2 + 1 + 20); /* through the hook, to behind the syscall */
    assert_int_equal(call(1), 1020);            /* away by the branch */
    munmap(code, CODE_BYTES);
    munmap(hook, PAGE_BYTES);
}

/* Nothing that a program may have for a window crashes it; what is made has room. */
static void junk_is_survived(void **state)
{
    uint64_t seed = 3;
    size_t made = 0;
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[WINDOW_BYTES_MAX];
        struct stub stub;
        for (size_t k = 0; k < sizeof(bytes); k++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            bytes[k] = (uint8_t)(seed >> 56);
        }
        uint8_t length = (uint8_t)((seed >> 33) % (WINDOW_BYTES_MAX + 1));
        CLEANUP(free) uint8_t *exact = malloc(length ? length : 1);
        memcpy(exact, bytes, length);
        struct error *error = stub_make(exact, length, taddr_of(WINDOW_AT), taddr_of(STUB_AT),
                                        taddr_of(HOOK_AT), &stub);
        assert_true(stub.size <= STUB_BYTES);
        made += !error;
        error_free(error);
    }
    assert_true(made > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_moved),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(what_is_out_of_reach_is_refused),
        cmocka_unit_test(places_are_mapped_back),
        cmocka_unit_test(a_stub_is_executed),
        cmocka_unit_test(junk_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
