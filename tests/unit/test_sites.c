/* Finding instructions that do not trap: along functions, in code of which nothing is known, and
 * in files; and the list of them. */
#include "tests/unit/trace_fixture.h"

#include <sys/mman.h>

#include "engine/sites/code_insn.h"
#include "engine/sites/code_walk.h"
#include "engine/sites/function_ranges.h"
#include "engine/sites/site_search.h"

#define CPUID 0x0f, 0xa2
#define RDRAND_RAX 0x48, 0x0f, 0xc7, 0xf0
#define RDSEED_R9D 0x41, 0x0f, 0xc7, 0xf9
#define RDPID_RAX 0xf3, 0x0f, 0xc7, 0xf8
#define NOP8 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90
#define RET 0xc3

struct code_case {
    const char *what;
    size_t size;
    uint8_t bytes[80];
    size_t count; /* sites, at … */
    uint64_t at[4];
};

#define BYTES(...)                                                                                 \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static const struct code_case functions[] = {
    {"one after the other", BYTES(CPUID, RDRAND_RAX, RDSEED_R9D, RET), 3, {0, 2, 6}},
    {"another instruction", BYTES(RDPID_RAX, RET), 0, {0}},
    {"in an immediate", BYTES(0x48, 0xb8, CPUID, CPUID, CPUID, CPUID, RET), 0, {0}},
    {"behind the end", BYTES(RET, CPUID, RET), 0, {0}},
    {"behind a jump over it", BYTES(0xeb, 2, CPUID, RET), 0, {0}},
    {"at a jump's end", BYTES(0xeb, 1, 0xb8, CPUID, RET), 1, {3}},
    {"on both ways", BYTES(0x74, 3, CPUID, RET, CPUID, RET), 2, {2, 5}},
    {"backwards", BYTES(0xeb, 3, CPUID, RET, 0xeb, 0xfb), 1, {2}},
    {"behind a call", BYTES(0xe8, 0, 1, 0, 0, CPUID, RET), 1, {5}},
    {"reached by a table", BYTES(0xff, 0xe0, CPUID, RET), 1, {2}}, /* jmp *%rax */
    {"behind a pointer's jump", BYTES(0xff, 0x25, 0, 1, 0, 0, CPUID, RET), 0, {0}},
    {"a branch out of it", BYTES(0x0f, 0x84, 0, 1, 0, 0, CPUID, RET), 1, {6}},
    {"cut", BYTES(0x90, 0x0f), 0, {0}},
};

static void functions_are_followed(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        const struct code_case *code = &functions[i];
        struct site_list sites = {0};
        must(code_walk_function(code->bytes, code->size, 1000, &sites));
        if (sites.count != code->count)
            fail_msg("%s: %zu sites", code->what, sites.count);
        for (size_t k = 0; k < sites.count; k++) {
            assert_int_equal(sites.site[k].address, 1000 + code->at[k]);
            assert_int_equal(sites.site[k].original, code->bytes[code->at[k]]);
        }
        site_list_deinit(&sites);
    }
}

static const struct code_case memories[] = {
    {"at the start", BYTES(CPUID, RET), 1, {0}},
    {"with prefixes", BYTES(NOP8, RDRAND_RAX, 0x73, 0xfa, RET), 1, {8}},
    {"an immediate", BYTES(NOP8, 0x48, 0xb8, CPUID, CPUID, CPUID, CPUID, NOP8, RET), 0, {0}},
    {"a displacement", BYTES(NOP8, 0x48, 0x8d, 0x80, CPUID, 0x0f, 0xc7, NOP8, RET), 0, {0}},
    {"behind padding", BYTES(0, 0, 0, 0, 0, 0, 0, CPUID, NOP8, RET), 1, {7}},
    {"before what is no code", BYTES(NOP8, CPUID, 0x06, 0x06), 0, {0}},
    {"right behind what is none", BYTES(NOP8, 0x06, CPUID, RET), 0, {0}},
    {"some way behind it", BYTES(0x06, NOP8, CPUID, RET), 1, {9}},
    {"before the end", BYTES(NOP8, CPUID), 1, {8}},
};

static void memory_is_swept(void **state)
{
    for (size_t i = 0; i < ARRAY_LENGTH(memories); i++) {
        const struct code_case *code = &memories[i];
        struct site_list sites = {0};
        must(sites_in_memory(code->bytes, code->size, &sites));
        if (sites.count != code->count || (sites.count && sites.site[0].address != code->at[0]))
            fail_msg("%s: %zu sites", code->what, sites.count);
        site_list_deinit(&sites);
    }
}

/* Random bytes hold about as many lookalikes as expected, and next to none may be taken for code.
 */
static void noise_is_no_code(void **state)
{
    static uint8_t noise[1 << 20];
    uint64_t seed = 1;
    size_t candidates = 0;
    struct site_list sites = {0};
    for (size_t i = 0; i < sizeof(noise); i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        noise[i] = (uint8_t)(seed >> 56);
    }
    for (size_t at = 0; (at = code_find_candidate(noise, sizeof(noise), at)) < sizeof(noise); at++)
        candidates++;
    must(sites_in_memory(noise, sizeof(noise), &sites));
    assert_true(candidates > 10);
    assert_true(sites.count <= candidates / 8);
    site_list_deinit(&sites);
}

static void lists(void **state)
{
    struct site_list list = {0}, copy;
    for (uint64_t i = 0; i < 10; i++)
        must(site_list_add(&list, &(struct site){1000 - 100 * i, 2, (uint8_t)i}));
    must(site_list_add(&list, &(struct site){500, 4, 77}));
    assert_int_equal(list.count, 10);
    assert_int_equal(site_list_at(&list, 500)->original, 77);
    assert_null(site_list_at(&list, 501));
    must(site_list_copy(&copy, &list));
    site_list_cut(&list, 200, 400);
    assert_int_equal(list.count, 8);
    assert_true(!site_list_at(&list, 200) && !site_list_at(&list, 300) && site_list_at(&list, 400));
    must(site_list_move(&list, 400, 200, 5000, 150)); /* shrinks: 400, 500 */
    assert_int_equal(site_list_at(&list, 5100)->original, 77);
    assert_true(site_list_at(&list, 5000) && !site_list_at(&list, 400));
    must(site_list_move(&list, 5000, 200, 5050, 100)); /* over itself; 5100 is left out */
    assert_true(site_list_at(&list, 5050) && !site_list_at(&list, 5100));
    uint8_t bytes[3] = {0xf4, 0xf4, 0xf4};
    site_list_restore(&copy, 499, bytes, sizeof(bytes), 0xf4);
    assert_true(bytes[0] == 0xf4 && bytes[1] == 77 && bytes[2] == 0xf4);
    bytes[1] = 1; /* overwritten */
    site_list_restore(&copy, 499, bytes, sizeof(bytes), 0xf4);
    assert_int_equal(bytes[1], 1);
    site_list_deinit(&list);
    site_list_deinit(&copy);
}

/* A common entry ("zR", relative to the place, 32 bits), and a function of 0x20 bytes at 0x5000. */
static void unwind_tables_are_read(void **state)
{
    uint8_t frame[] = {
        16,   0,    0, 0, 0,    0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b, 0, 0, 0, /* 0 */
        16,   0,    0, 0, 24,   0, 0, 0,                                                /* 20 */
        0xe4, 0x3f, 0, 0, 0x20, 0, 0, 0, 0, 0,   0,   0,                                /* 28 */
        0,    0,    0, 0,
    };
    struct function_ranges ranges = {0};
    must(unwind_functions(frame, sizeof(frame), 0x1000, &ranges));
    assert_int_equal(ranges.count, 1);
    assert_int_equal(ranges.range[0].start, 0x1000 + 28 + 0x3fe4);
    assert_int_equal(ranges.range[0].end - ranges.range[0].start, 0x20);
    function_ranges_deinit(&ranges);
    /* Damaged in any byte, or cut anywhere: whatever is found, nothing is read outside. */
    for (size_t i = 0; i < sizeof(frame); i++) {
        CLEANUP(free) uint8_t *cut = malloc(sizeof(frame));
        memcpy(cut, frame, sizeof(frame));
        cut[i] ^= 0xff;
        must(unwind_functions(cut, sizeof(frame), 0x1000, &ranges));
        CLEANUP(free) uint8_t *shorter = malloc(i ? i : 1);
        memcpy(shorter, frame, i);
        must(unwind_functions(shorter, i, 0x1000, &ranges));
        function_ranges_deinit(&ranges);
    }
}

static void put_word(uint8_t *at, uint64_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void go_tables_are_read(void **state)
{
    static const uint32_t pairs[] = {0x10, 1, 0x30, 2, 0x80};
    uint8_t table[72 + sizeof(pairs)] = {0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8};
    struct function_ranges ranges = {0};
    put_word(table + 8, 2);
    put_word(table + 24, 0x400000);
    put_word(table + 64, 72);
    memcpy(table + 72, pairs, sizeof(pairs));
    must(go_functions(table, sizeof(table), 0, &ranges));
    assert_int_equal(ranges.count, 2);
    assert_true(ranges.range[0].start == 0x400010 && ranges.range[0].end == 0x400030);
    assert_true(ranges.range[1].start == 0x400030 && ranges.range[1].end == 0x400080);
    function_ranges_deinit(&ranges);
    put_word(table + 8, UINT64_MAX); /* more than there are */
    must(go_functions(table, sizeof(table), 0, &ranges));
    assert_int_equal(ranges.count, 2);
    function_ranges_deinit(&ranges);
    put_word(table + 64, UINT64_MAX);
    must(go_functions(table, sizeof(table), 0, &ranges));
    must(go_functions(table, 20, 0, &ranges));
    assert_int_equal(ranges.count, 0);
}

/* Our own program has one of each, and lookalikes beside them. */
__attribute__((used)) static void with_sites(void)
{
    __asm__ volatile("jmp 1f; .byte 0x0f, 0xa2; 1:\n"
                     "movabs $0xa20fa20fa20fa20f, %%rax\n"
                     ".globl site_of_test_sites\n"
                     "site_of_test_sites: cpuid\n" ::
                         : "rax", "rbx", "rcx", "rdx");
}
extern const uint8_t site_of_test_sites[];

static void files_are_searched(void **state)
{
    struct site_list sites = {0};
    bool is_program;
    size_t mine = 0;
    CLEANUP(close_fd) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    must(sites_in_file(fd, &sites, &is_program));
    assert_true(is_program);
    for (size_t i = 0; i < sites.count; i++) {
        uint8_t before[16];
        assert_true(pread(fd, before, 2, (off_t)sites.site[i].address) == 2);
        assert_int_equal(before[0], sites.site[i].original);
        assert_true(pread(fd, before, 10, (off_t)sites.site[i].address - 10) == 10);
        mine += before[0] == 0x48 && before[1] == 0xb8 && before[2] == 0x0f && before[3] == 0xa2;
    }
    assert_int_equal(mine, 1);
    site_list_deinit(&sites);
    CLEANUP(close_fd) int text = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    must(sites_in_file(text, &sites, &is_program));
    assert_true(!is_program && sites.count == 0);
}

/* Our own file, cut and damaged: no crash, whatever it says. */
static void damaged_files_are_survived(void **state)
{
    size_t size;
    uint64_t seed = 7;
    bool is_program;
    CLEANUP(free) uint8_t *whole = fixture_read("/proc/self/exe", &size);
    for (int i = 0; i < 60; i++) {
        CLEANUP(close_fd) int fd = memfd_create("damaged", MFD_CLOEXEC);
        struct site_list sites = {0};
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
        must(sites_in_file(fd, &sites, &is_program));
        site_list_deinit(&sites);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_followed), cmocka_unit_test(memory_is_swept),
        cmocka_unit_test(noise_is_no_code),       cmocka_unit_test(lists),
        cmocka_unit_test(unwind_tables_are_read), cmocka_unit_test(go_tables_are_read),
        cmocka_unit_test(files_are_searched),     cmocka_unit_test(damaged_files_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
