/* Calls in a vessel that need no stop: windows, stubs, the hook and its slot, on a program of some
 * instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/bytes.h"
#include "engine/count/run.h"
#include "replay/vessel_hook.h"

#define CODE 0x10000000ul
#define DATA 0x10010000ul
#define STUBS 0x10020000ul
#define WINDOW 5
#define BEHIND (CODE + 7) /* the call */
#define NUMBER 42

/* mov $42, %eax; syscall; jmp back */
static const uint8_t loop[] = {0xb8, NUMBER, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};

/* mov (%rdi), %eax; or $0, %eax; syscall; jmp back */
static const uint8_t loader[] = {0x8b, 0x07, 0x83, 0xc8, 0x00, 0x0f, 0x05, 0xeb, 0xf7};

static struct vessel *vessel;

static void must(struct error *error)
{
    if (error)
        fail_msg("%s", error_message(error));
}

static void apply(struct effect effect)
{
    must(vessel_apply(vessel, &effect));
}

static void map(uint64_t address, uint32_t protection)
{
    apply((struct effect){.kind = EFFECT_MAP,
                          .address = taddr_of(address),
                          .length = PAGE_BYTES,
                          .map = {.protection = protection, .path = ""}});
}

static const struct effect site = {.kind = EFFECT_SITE,
                                   .address = {CODE},
                                   .length = WINDOW,
                                   .site = {.stub = {STUBS + STUB_BYTES}}};
static const struct effect stubs = {.kind = EFFECT_STUBS, .address = {STUBS}, .length = PAGE_BYTES};

static void put_code(const uint8_t *code, size_t size)
{
    apply((struct effect){
        .kind = EFFECT_MEMORY, .address = taddr_of(CODE), .length = size, .bytes = code});
    apply(site);
}

static int setup(void **state)
{
    struct user_regs_struct *regs;
    must(vessel_create(NULL, &vessel));
    map(CODE, PROT_READ | PROT_EXEC);
    map(DATA, PROT_READ | PROT_WRITE);
    apply(stubs);
    put_code(loop, sizeof(loop));
    must(tracee_regs(vessel_tracee(vessel), &regs));
    regs->rip = CODE;
    regs->rsp = DATA + 2048;
    regs->rdi = 1;
    regs->rsi = 2;
    regs->rdx = 3;
    regs->r10 = 4;
    regs->r8 = 5;
    regs->r9 = 6;
    regs->orig_rax = (uint64_t)-1;
    tracee_regs_changed(vessel_tracee(vessel));
    return 0;
}

static int teardown(void **state)
{
    vessel_destroy(vessel);
    return 0;
}

/* A call of the program, with an output at `address` unless that is 0. */
static void put_call(struct buffer *entries, int64_t result, uint64_t address, size_t bytes)
{
    struct call_entry entry = {.number = NUMBER,
                               .outputs = address != 0,
                               .rip = BEHIND,
                               .rsp = DATA + 2048,
                               .argument = {1, 2, 3, 4, 5, 6},
                               .result = result};
    struct call_output output = {.address = address, .bytes = bytes};
    entry.bytes = (uint32_t)(sizeof(entry) + (address ? sizeof(output) + bytes : 0));
    buffer_put(entries, &entry, sizeof(entry));
    if (!address)
        return;
    buffer_put(entries, &output, sizeof(output));
    memset(buffer_extend(entries, bytes), (int)result, bytes);
}

static bool patched(const struct run_conditions *conditions)
{
    bool ret;
    must(vessel_patch_window(vessel, BEHIND, conditions, &ret));
    return ret;
}

/* Runs with these entries in the slot; returns how many bytes of them were taken. */
static uint32_t run(const struct buffer *entries, const struct run_conditions *conditions,
                    struct run_result *ret)
{
    uint32_t taken;
    must(vessel_fill_slot(vessel, 0, entries->data, entries->size));
    must(vessel_arm_slot(vessel, entries->size));
    must(vessel_run_native(vessel, conditions, ret));
    must(vessel_calls_taken(vessel, &taken));
    must(vessel_arm_slot(vessel, 0));
    return taken;
}

static struct user_regs_struct registers(void)
{
    struct user_regs_struct *regs;
    must(tracee_regs(vessel_tracee(vessel), &regs));
    return *regs;
}

/* At the call that has no entry, as if there were no hook. */
static void expect_at_call(const struct run_result *result)
{
    struct user_regs_struct regs = registers();
    assert_int_equal(result->end, RUN_ENDED_AT_CALL);
    assert_true(regs.rip == BEHIND && regs.orig_rax == NUMBER && regs.rcx == BEHIND);
    assert_true(regs.rsp == DATA + 2048 && regs.rdi == 1 && regs.rsi == 2 && regs.rdx == 3);
    assert_true(regs.r10 == 4 && regs.r8 == 5 && regs.r9 == 6 && regs.r11 == regs.eflags);
}

static uint8_t data_byte(void)
{
    uint8_t byte;
    must(tracee_read(vessel_tracee(vessel), taddr_of(DATA), &byte, 1));
    return byte;
}

static void calls_are_taken_from_the_slot(void **state)
{
    struct buffer entries = {0};
    struct run_result result;
    for (int i = 1; i <= 3; i++)
        put_call(&entries, i, DATA, 16);
    assert_true(patched(NULL));
    assert_int_equal(run(&entries, NULL, &result), entries.size);
    expect_at_call(&result);
    assert_int_equal(data_byte(), 3);
    buffer_deinit(&entries);
}

static void another_call_is_not_taken(void **state)
{
    struct buffer entries = {0};
    struct run_result result;
    put_call(&entries, 1, 0, 0);
    put_call(&entries, 2, 0, 0);
    ((struct call_entry *)(entries.data + 80))->argument[5]++;
    assert_true(patched(NULL));
    assert_int_equal(run(&entries, NULL, &result), 80);
    expect_at_call(&result);
    buffer_deinit(&entries);
}

static void an_output_that_faults_is_left_for_a_stop(void **state)
{
    struct buffer entries = {0};
    struct run_result result;
    put_call(&entries, 1, DATA, 16);
    put_call(&entries, 2, 0x10800000, 16); /* where nothing is */
    assert_true(patched(NULL));
    assert_int_equal(run(&entries, NULL, &result), 96 + 16);
    expect_at_call(&result);
    buffer_deinit(&entries);
}

static void a_fault_in_a_stub_is_one_of_the_program(void **state)
{
    struct buffer entries = {0};
    struct run_result result;
    struct user_regs_struct *regs;
    put_code(loader, sizeof(loader));
    put_call(&entries, 1, 0, 0);
    assert_true(patched(NULL));
    assert_int_equal(run(&entries, NULL, &result), 0); /* rdi is 1 */
    assert_int_equal(result.end, RUN_ENDED_AT_SIGNAL);
    assert_int_equal(result.signal, SIGSEGV);
    must(tracee_regs(vessel_tracee(vessel), &regs));
    assert_true(regs->rip == CODE);
    regs->rdi = DATA; /* now it runs on, to the call itself: the window was taken out */
    tracee_regs_changed(vessel_tracee(vessel));
    assert_int_equal(run(&entries, NULL, &result), 0);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    buffer_deinit(&entries);
}

static void jumps_are_not_seen(void **state)
{
    uint8_t bytes[sizeof(loop)], part[2];
    assert_true(patched(NULL));
    must(tracee_read(vessel_tracee(vessel), taddr_of(CODE), bytes, sizeof(bytes)));
    assert_int_equal(bytes[0], 0xe9);
    assert_int_equal(vessel_read(vessel, taddr_of(CODE), bytes, sizeof(bytes)), sizeof(bytes));
    assert_memory_equal(bytes, loop, sizeof(loop));
    vessel_read_original(vessel, taddr_of(CODE + 3), part, sizeof(part));
    assert_memory_equal(part, loop + 3, sizeof(part));
    must(vessel_unpatch_windows(vessel));
    must(tracee_read(vessel_tracee(vessel), taddr_of(CODE), bytes, sizeof(bytes)));
    assert_memory_equal(bytes, loop, sizeof(loop));
}

static void effects_end_windows(void **state)
{
    static const struct effect effects[] = {
        {.kind = EFFECT_MEMORY, .address = {CODE + 4}, .length = 1, .bytes = loop + 4},
        {.kind = EFFECT_MEMORY, .address = {CODE + 5}, .length = 1, .bytes = loop + 5},
        {.kind = EFFECT_PROTECT, .address = {CODE}, .length = PAGE_BYTES, .protect = {5}},
        {.kind = EFFECT_ADVISE, .address = {CODE}, .length = PAGE_BYTES, .advise = {0}},
        {.kind = EFFECT_UNMAP, .address = {STUBS}, .length = PAGE_BYTES},
    };
    uint8_t bytes[sizeof(loop)];
    for (size_t i = 0; i < ARRAY_LENGTH(effects); i++) {
        assert_true(patched(NULL));
        apply(effects[i]);
        assert_false(patched(NULL));
        must(tracee_read(vessel_tracee(vessel), taddr_of(CODE), bytes, sizeof(bytes)));
        assert_memory_equal(bytes, loop, sizeof(loop));
        apply(stubs);
        apply(site);
    }
    apply((struct effect){
        .kind = EFFECT_MEMORY, .address = {CODE + 7}, .length = 1, .bytes = loop + 7});
    assert_true(patched(NULL)); /* behind it */
}

static void breakpoints_are_met(void **state)
{
    struct buffer entries = {0};
    struct run_result result;
    put_call(&entries, 1, 0, 0);
    for (uint64_t address = CODE + WINDOW; address <= BEHIND; address += 2) {
        struct breakpoint breakpoint = {.address = taddr_of(address)};
        struct run_conditions conditions = {.breakpoints = &breakpoint, .breakpoint_count = 1};
        assert_true(patched(NULL));
        must(vessel_unpatch_for(vessel, &conditions));
        assert_false(patched(&conditions));
    }
    struct breakpoint jump = {.address = taddr_of(CODE + WINDOW)};
    struct run_conditions conditions = {.breakpoints = &jump, .breakpoint_count = 1};
    assert_true(patched(NULL));
    assert_int_equal(run(&entries, &conditions, &result), 0);
    assert_int_equal(result.end, RUN_ENDED_AT_BREAKPOINT);
    assert_true(registers().rip == CODE + WINDOW);
    buffer_deinit(&entries);
}

static atomic_bool enough;

static void *interrupt_often(void *unused)
{
    while (!atomic_load(&enough)) {
        run_interrupt(tracee_tid(vessel_tracee(vessel)));
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return unused;
}

#define INTERRUPTS 100

/* Wherever they come, the task is left in the program's code, and no call is lost. */
static void interrupts_end_in_the_program(void **state)
{
    struct buffer entries = {0};
    struct run_result result;
    pthread_t thread;
    unsigned interrupts = 0;
    for (int i = 0; i < 1000; i++)
        put_call(&entries, i, DATA, 256);
    assert_true(patched(NULL));
    atomic_store(&enough, false);
    pthread_create(&thread, NULL, interrupt_often, NULL);
    while (interrupts < INTERRUPTS) {
        uint32_t taken;
        must(vessel_fill_slot(vessel, 0, entries.data, entries.size));
        must(vessel_arm_slot(vessel, entries.size));
        do {
            must(vessel_run_native(vessel, NULL, &result));
            interrupts += result.end == RUN_ENDED_BY_INTERRUPT;
            assert_in_range(registers().rip, CODE, BEHIND);
        } while (result.end == RUN_ENDED_BY_INTERRUPT);
        expect_at_call(&result);
        must(vessel_calls_taken(vessel, &taken));
        assert_int_equal(taken, entries.size);
    }
    atomic_store(&enough, true);
    pthread_join(thread, NULL);
    buffer_deinit(&entries);
}

static void a_copy_has_its_own(void **state)
{
    struct buffer entries = {0};
    struct run_result result;
    struct vessel *copy, *first = vessel;
    put_call(&entries, 1, DATA, 16);
    assert_true(patched(NULL));
    must(vessel_fork(vessel, &copy));
    must(vessel_unpatch_windows(vessel));
    vessel = copy;
    assert_int_equal(run(&entries, NULL, &result), entries.size);
    expect_at_call(&result);
    assert_int_equal(data_byte(), 1);
    vessel = first;
    vessel_destroy(copy);
    assert_int_equal(data_byte(), 0);
    buffer_deinit(&entries);
}

static void must_refuse(struct effect effect, const char *part)
{
    struct error *error = vessel_apply(vessel, &effect);
    assert_non_null(error);
    assert_non_null(strstr(error_message(error), part));
    error_free(error);
}

static void what_a_trace_makes_up_is_refused(void **state)
{
    struct effect bad = site;
    bad.length = 4;
    must_refuse(bad, "a window of 4 bytes");
    bad.length = 20;
    must_refuse(bad, "a window of 20 bytes");
    bad = site;
    bad.address = taddr_of(HOOK_CODE);
    must_refuse(bad, "a window of 5 bytes at 0x70002000");
    bad = stubs;
    bad.address = taddr_of(HOOK_CODE);
    must_refuse(bad, "where nothing may be");
    bad.address = taddr_of(HOOK_STUBS);
    bad.length = HOOK_STUBS_BYTES + PAGE_BYTES;
    must_refuse(bad, "where nothing may be");
    bad = site;
    bad.site.stub = taddr_of(STUBS + PAGE_BYTES - STUB_BYTES + 1); /* partly outside */
    apply(bad);
    assert_false(patched(NULL));
    bad = site;
    bad.address = taddr_of(CODE + 9); /* no instructions, and no syscall behind */
    apply(bad);
    bool ret;
    must(vessel_patch_window(vessel, CODE + 9 + 7, NULL, &ret));
    assert_false(ret);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(calls_are_taken_from_the_slot),
        TEST(another_call_is_not_taken),
        TEST(an_output_that_faults_is_left_for_a_stop),
        TEST(a_fault_in_a_stub_is_one_of_the_program),
        TEST(jumps_are_not_seen),
        TEST(effects_end_windows),
        TEST(breakpoints_are_met),
        TEST(interrupts_end_in_the_program),
        TEST(a_copy_has_its_own),
        TEST(what_a_trace_makes_up_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
