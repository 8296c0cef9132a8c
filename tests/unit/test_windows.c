/* Windows before system calls: in made-up functions, in code of which nothing is known, in files,
 * and in junk. */
#include "tests/unit/trace_fixture.h"

#include <elf.h>
#include <sys/mman.h>

#include "engine/fastpath/stub.h"
#include "engine/fastpath/window.h"
#include "engine/fastpath/window_pick.h"

#define SYSCALL 0x0f, 0x05
#define MOV_EAX 0xb8, 0x27, 0, 0, 0
#define XOR_EAX 0x31, 0xc0
#define RET 0xc3

#define BYTES(...)                                                                                 \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

struct window_case {
    const char *what;
    size_t size;
    uint8_t bytes[64];
    size_t site;
    uint8_t length;
};

/* --- Functions ------------------------------------------------------------------------------- */

static const struct window_case functions[] = {
    {"one instruction", BYTES(MOV_EAX, SYSCALL, RET), 5, 5},
    {"more than needed", BYTES(0x55, MOV_EAX, SYSCALL, RET), 6, 5},
    {"two", BYTES(0x48, 0x89, 0xdf, XOR_EAX, SYSCALL, RET), 5, 5},
    {"four and one", BYTES(MOV_EAX, 0x50, 0x51, 0x52, 0x53, SYSCALL, RET), 9, 9},
    {"five of one byte", BYTES(0x50, 0x50, 0x51, 0x52, 0x53, 0x55, SYSCALL, RET), 6, 5},
    {"a branch away", BYTES(0x75, 7, 0x90, XOR_EAX, 0x75, 3, XOR_EAX, SYSCALL, RET), 9, 6},
    {"none before", BYTES(XOR_EAX, SYSCALL, RET), 2, 0},
    {"nothing before", BYTES(SYSCALL, RET), 0, 0},
    {"a branch to the start", BYTES(0x90, MOV_EAX, SYSCALL, 0x75, 0xf7, RET), 6, 5},
    {"a branch to the site", BYTES(MOV_EAX, SYSCALL, 0x75, 0xfc, RET), 5, 5},
    {"a branch between", BYTES(MOV_EAX, XOR_EAX, SYSCALL, 0x75, 0xfa, RET), 7, 0},
    {"a branch between, ahead", BYTES(0x75, 5, MOV_EAX, XOR_EAX, SYSCALL, RET), 9, 0},
    {"a far branch between", BYTES(MOV_EAX, XOR_EAX, SYSCALL, 0xe9, 0xf7, 0xff, 0xff, 0xff), 7, 0},
    {"a call between", BYTES(MOV_EAX, XOR_EAX, SYSCALL, 0xe8, 0xf7, 0xff, 0xff, 0xff), 7, 0},
    {"a branch from behind the end", BYTES(MOV_EAX, XOR_EAX, SYSCALL, RET, 0x90, 0x75, 0xf8, RET),
     7, 0},
    {"the address of what is between",
     BYTES(0x48, 0x8d, 0x05, 5, 0, 0, 0, MOV_EAX, XOR_EAX, SYSCALL, RET), 14, 0},
    {"a landing between", BYTES(MOV_EAX, 0xf3, 0x0f, 0x1e, 0xfa, SYSCALL, RET), 9, 0},
    {"a branch into an instruction", BYTES(0x74, 1, MOV_EAX, SYSCALL, RET), 7, 0},
    {"behind a call", BYTES(0xe8, 0, 1, 0, 0, MOV_EAX, SYSCALL, RET), 10, 5},
    {"a call in it", BYTES(0xe8, 0, 1, 0, 0, XOR_EAX, SYSCALL, RET), 7, 0},
    {"a jump over what is before", BYTES(0xeb, 5, MOV_EAX, SYSCALL, RET), 7, 0},
    {"behind a jump", BYTES(0x74, 5, 0xe9, 0, 1, 0, 0, XOR_EAX, SYSCALL, RET), 9, 0},
    {"a table, one instruction", BYTES(0x78, 2, 0xff, 0xe0, MOV_EAX, SYSCALL, RET), 9, 5},
    {"a table, two", BYTES(0x78, 2, 0xff, 0xe0, MOV_EAX, XOR_EAX, SYSCALL, RET), 11, 0},
    {"a table behind the end", BYTES(MOV_EAX, XOR_EAX, SYSCALL, RET, 0xff, 0xe0), 7, 0},
    {"a linker's pointer", BYTES(0x78, 6, 0xff, 0x25, 0, 0, 0, 1, MOV_EAX, XOR_EAX, SYSCALL, RET),
     15, 7},
    {"another syscall in it", BYTES(MOV_EAX, SYSCALL, XOR_EAX, SYSCALL, RET), 9, 0},
    {"a lock", BYTES(0xf0, 0x48, 0x83, 0x07, 1, SYSCALL, RET), 5, 0},
    {"a prefix that may be jumped over",
     BYTES(0x74, 1, 0xf0, 0x48, 0x83, 0x07, 1, 0x90, SYSCALL, RET), 8, 0},
    {"a nop", BYTES(MOV_EAX, 0x90, SYSCALL, RET), 6, 0},
    {"cut", BYTES(MOV_EAX, SYSCALL), 5, 5},
};

static uint8_t length_in_function(const struct window_case *code)
{
    struct approach approach;
    CLEANUP(free) uint8_t *exact = malloc(code->size);
    memcpy(exact, code->bytes, code->size);
    must(approach_in_function(exact, code->size, 0, code->site, &approach));
    approach_add_far(&approach, exact, code->size, (int64_t)code->site);
    return window_pick(&approach, exact, code->size, code->site);
}

static void functions_are_walked(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        const struct window_case *code = &functions[i];
        assert_true(window_is_site(code->bytes, code->size, code->site));
        uint8_t length = length_in_function(code);
        if (length != code->length)
            fail_msg("%s: a window of %u bytes", code->what, length);
    }
}

/* As glibc's __restore_rt: what the tables say begins with a byte of padding. */
static void wrong_starts_are_noticed(void **state)
{
    static const uint8_t pad[] = {0x0f, 0x1f, 0x80, 0, 0, 0, 0},
                         code[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, SYSCALL};
    uint8_t bytes[100 * sizeof(pad) + sizeof(code)];
    const size_t start = 100 * sizeof(pad);
    struct approach approach;
    for (size_t i = 0; i < 100; i++)
        memcpy(bytes + i * sizeof(pad), pad, sizeof(pad));
    memcpy(bytes + start, code, sizeof(code));
    must(approach_in_function(bytes, sizeof(bytes), start, start + 7, &approach));
    assert_int_equal(window_pick(&approach, bytes, sizeof(bytes), start + 7), 7);
    must(approach_in_function(bytes, sizeof(bytes), start - 1, start + 7, &approach));
    assert_int_equal(window_pick(&approach, bytes, sizeof(bytes), start + 7), 0);
}

/* --- Memory ---------------------------------------------------------------------------------- */

#define MEMORY 0x4000
#define CODE_AT 0x2000

/* Some code, with others around it: `mov %rsp, %rbp; mov (%rdi), %eax`, and so on. */
static void fill(uint8_t *memory)
{
    static const uint8_t others[] = {0x48, 0x89, 0xe5, 0x8b, 0x07};
    for (size_t i = 0; i < MEMORY; i++)
        memory[i] = others[i % sizeof(others)];
}

/* call `target` at `at`, both places in the memory. */
static void put_offset(uint8_t *memory, uint8_t opcode, size_t at, size_t target)
{
    int32_t offset = (int32_t)((int64_t)target - (int64_t)at - 5);
    memory[at] = opcode;
    memcpy(memory + at + 1, &offset, sizeof(offset));
}

static uint8_t length_in_memory(const uint8_t *memory, size_t site)
{
    struct window window;
    must(windows_in_memory(memory, MEMORY, site, &window));
    assert_true(!window.length || window.start + window.length == site);
    return window.length;
}

static void memory_is_swept(void **state)
{
    static uint8_t memory[MEMORY];
    static const uint8_t one[] = {RET, MOV_EAX, SYSCALL, RET},
                         two[] = {RET, MOV_EAX, XOR_EAX, SYSCALL, RET},
                         nop[] = {RET, MOV_EAX, 0x90, SYSCALL, RET};
    fill(memory);
    memcpy(memory + CODE_AT, one, sizeof(one));
    assert_int_equal(length_in_memory(memory, CODE_AT + 6), 5);
    assert_int_equal(length_in_memory(memory, CODE_AT + 5), 0); /* no syscall there */
    memcpy(memory + CODE_AT, two, sizeof(two));
    assert_int_equal(length_in_memory(memory, CODE_AT + 8), 0); /* a table may be anywhere */
    put_offset(memory, 0xe8, 0x3000, CODE_AT + 1); /* unless calls say where the function is */
    assert_int_equal(length_in_memory(memory, CODE_AT + 8), 0);
    put_offset(memory, 0xe8, 0x3100, CODE_AT + 0x40);
    assert_int_equal(length_in_memory(memory, CODE_AT + 8), 7);
    memory[CODE_AT + 10] = 0xff; /* jmp *%rax within the function */
    memory[CODE_AT + 11] = 0xe0;
    assert_int_equal(length_in_memory(memory, CODE_AT + 8), 0);
    fill(memory);
    memcpy(memory + CODE_AT, nop, sizeof(nop));
    put_offset(memory, 0xe8, 0x3000, CODE_AT + 1);
    put_offset(memory, 0xe8, 0x3100, CODE_AT + 0x40);
    assert_int_equal(length_in_memory(memory, CODE_AT + 7), 0);
}

/* From anywhere, at any alignment; but not where it only seems so. */
static void far_branches_are_seen(void **state)
{
    static uint8_t memory[MEMORY];
    static const uint8_t two[] = {MOV_EAX, XOR_EAX, SYSCALL};
    for (size_t from = 8; from < MEMORY - 8; from += 7) {
        if (from > CODE_AT - 16 && from < CODE_AT + 16)
            continue;
        struct approach approach = {2, {2, 7}, false, 0};
        fill(memory);
        memcpy(memory + CODE_AT, two, sizeof(two));
        put_offset(memory, 0xe9, from, CODE_AT + 5);
        approach_add_far(&approach, memory, MEMORY, CODE_AT + 7);
        assert_int_equal(window_pick(&approach, memory, MEMORY, CODE_AT + 7), 0);
        memory[from] = 0xea;
        approach.targets = 0;
        approach_add_far(&approach, memory, MEMORY, CODE_AT + 7);
        assert_int_equal(window_pick(&approach, memory, MEMORY, CODE_AT + 7), 7);
    }
}

/* What is found in it must still be what a stub can be made of. */
static void noise_is_survived(void **state)
{
    uint64_t seed = 1;
    for (int i = 0; i < 300; i++) {
        size_t size = 2 + (size_t)i * 13, site = (size_t)(seed >> 40) % (size - 1);
        CLEANUP(free) uint8_t *noise = malloc(size);
        struct approach approach;
        struct window window;
        struct stub stub;
        for (size_t k = 0; k < size; k++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            noise[k] = (uint8_t)(seed >> 56);
        }
        noise[site] = 0x0f;
        noise[site + 1] = 0x05;
        must(approach_in_function(noise, size, site / 2, site, &approach));
        window_pick(&approach, noise, size, site);
        must(windows_in_memory(noise, size, site, &window));
        if (window.length)
            must(stub_make(noise + window.start, window.length, taddr_of(0x400000),
                           taddr_of(0x500000), taddr_of(0x600000), &stub));
        must(windows_in_memory(noise, size, size - 1, &window));
        must(windows_in_memory(noise, size, SIZE_MAX, &window));
        assert_int_equal(window.length, 0);
    }
}

/* --- Files ----------------------------------------------------------------------------------- */

struct counts {
    size_t sites, in_file, in_memory;
};

/* The window that the file has for a site must be what a stub can be made of, and the same that is
 * found without knowing functions, if anything is. */
static void count_site(const struct window_file *file, const uint8_t *bytes, size_t size,
                       size_t site, struct counts *counts)
{
    const size_t around = 0x8000;
    size_t from = site > around ? site - around : 0;
    size_t to = size - site > around ? site + around : size;
    struct window window, other;
    struct stub stub;
    must(window_file_find(file, site, &window));
    must(windows_in_memory(bytes + from, to - from, site - from, &other));
    counts->sites++;
    counts->in_file += window.length > 0;
    counts->in_memory += other.length > 0;
    if (window.length && other.length && window.length != other.length)
        fail_msg("at %#zx: %u bytes, or %u", site, window.length, other.length);
    if (window.length)
        must(stub_make(bytes + window.start, window.length, taddr_of(window.start),
                       taddr_of(0x70006000), taddr_of(0x70002000), &stub));
}

/* All places in the file's executable segments that look like a system call. */
static struct counts count_file(const char *path)
{
    size_t size;
    struct counts counts = {0};
    struct window_file *file;
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    CLEANUP(free) uint8_t *bytes = fixture_read(path, &size);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)bytes;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(bytes + header->e_phoff);
    must(window_file_open(fd, &file));
    for (size_t i = 0; i < header->e_phnum; i++)
        for (size_t at = 0; segment[i].p_flags & PF_X && at + 1 < segment[i].p_filesz; at++)
            if (window_is_site(bytes, size, segment[i].p_offset + at))
                count_site(file, bytes, size, segment[i].p_offset + at, &counts);
    window_file_close(file);
    print_message("%s: %zu that look like calls, windows: %zu, without functions %zu\n", path,
                  counts.sites, counts.in_file, counts.in_memory);
    return counts;
}

/* Some of what looks like a call is in the middle of an instruction, mostly in Go; ld.so has some
 * that are too near to what is before them. */
static void files_have_windows(void **state)
{
    static const struct {
        const char *path;
        size_t percent;
    } files[] = {
        {"/lib/x86_64-linux-gnu/libc.so.6", 96},
        {"/lib64/ld-linux-x86-64.so.2", 80},
        {"/usr/lib/go-1.19/bin/go", 70},
        {"/lib/ld-musl-x86_64.so.1", 85},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        if (access(files[i].path, R_OK) < 0)
            continue;
        struct counts counts = count_file(files[i].path);
        assert_true(counts.sites > 20);
        assert_true(counts.in_file * 100 >= counts.sites * files[i].percent);
        assert_true(counts.in_memory * 100 >= counts.sites * files[i].percent);
    }
}

/* Our own program has a function that is known, and one that jumps into the window. */
__attribute__((used)) static void with_windows(void)
{
    __asm__ volatile("xor %%edi, %%edi\n"
                     "mov $39, %%eax\n"
                     ".globl site_of_test_windows, other_site_of_test_windows\n"
                     "site_of_test_windows: syscall\n"
                     "mov $39, %%eax\n"
                     "1: xor %%edi, %%edi\n"
                     "other_site_of_test_windows: syscall\n"
                     "cmp $-4, %%eax\n"
                     "je 1b\n" ::
                         : "rax", "rcx", "rdi", "r11", "cc", "memory");
}
extern const uint8_t site_of_test_windows[], other_site_of_test_windows[];
extern const uint8_t __executable_start[];

static void single_sites_are_found(void **state)
{
    struct window window;
    /* The linker puts code at the same place in the file as in memory. */
    uint64_t site = (uint64_t)(site_of_test_windows - __executable_start);
    uint64_t other = (uint64_t)(other_site_of_test_windows - __executable_start);
    CLEANUP(close_fd) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    must(windows_in_file(fd, site, &window));
    assert_int_equal(window.length, 5);
    assert_int_equal(window.start, site - 5);
    must(windows_in_file(fd, other, &window));
    assert_int_equal(window.length, 0);
    must(windows_in_file(fd, UINT64_MAX, &window));
    assert_int_equal(window.length, 0);
    CLEANUP(close_fd) int text = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    must(windows_in_file(text, 10, &window));
    assert_int_equal(window.length, 0);
}

/* Our own file, damaged, and cut before or while it is looked at: no crash, whatever it says. */
static void damaged_files_are_survived(void **state)
{
    size_t size;
    uint64_t seed = 7, site = (uint64_t)(site_of_test_windows - __executable_start);
    CLEANUP(free) uint8_t *whole = fixture_read("/proc/self/exe", &size);
    for (int i = 0; i < 60; i++) {
        CLEANUP(close_fd) int fd = memfd_create("damaged", MFD_CLOEXEC);
        struct window_file *file;
        struct window window;
        size_t kept = i % 3 ? size : size * (size_t)(i + 1) / 61;
        assert_true(write(fd, whole, kept) == (ssize_t)kept);
        for (int k = 0; k < 40; k++) { /* in the file's header and in its last pages' tables */
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            size_t at = (size_t)(seed >> 33) % (k % 2 ? 4096 : 16384);
            uint8_t byte = (uint8_t)(seed >> 25);
            at = k % 2 ? at + 5 : size - 1 - at;
            if (at < kept)
                assert_true(pwrite(fd, &byte, 1, (off_t)at) == 1);
        }
        must(window_file_open(fd, &file));
        for (uint64_t at = site - 3; at < site + 3; at++)
            must(window_file_find(file, at, &window));
        assert_true(ftruncate(fd, (off_t)(site + 1)) == 0);
        must(window_file_find(file, site, &window));
        assert_int_equal(window.length, 0);
        window_file_close(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_walked),   cmocka_unit_test(wrong_starts_are_noticed),
        cmocka_unit_test(memory_is_swept),        cmocka_unit_test(far_branches_are_seen),
        cmocka_unit_test(noise_is_survived),      cmocka_unit_test(files_have_windows),
        cmocka_unit_test(single_sites_are_found), cmocka_unit_test(damaged_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
