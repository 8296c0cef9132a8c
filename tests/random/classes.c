/*
 * Each class of translation, by known bytes in a loop of ROUNDS: executed exactly, counted exactly,
 * with flags and red zone untouched, and translated: a round costs no stop once the code is warm
 * (but for what is to be single-stepped).
 *
 *   mov r15d, ROUNDS; mov [rsp - 8], r14
 *   again: stc; CLASS; adc ebx, 0; dec r15d; jnz again        ebx counts the carries that survived
 *   syscall
 *   function: ret        release: ret 8
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/random/subject.h"

#define ROUNDS 200
#define STOPS_MAX 12 /* of a warm run */
#define RED_ZONE_VALUE 0x1122334455667788ull

struct piece {
    uint8_t length, bytes[INSN_MAX];
    uint8_t reference, at, width;
    uint16_t to; /* REFERS_TO_ITEM: so many items on; REFERS_TO_FUNCTION: 0, or 1 for `ret 8` */
};

struct class
{
    const char *name;
    struct piece pieces[4];
    int executed;  /* instructions a round */
    bool stepped;  /* it is not to be translated */
    bool flags;    /* it changes the flags */
    bool red_zone; /* it pushes something */
};

#define BYTES(...)                                                                                 \
    sizeof((const uint8_t[]){__VA_ARGS__}),                                                        \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define PLAIN(...)                                                                                 \
    {                                                                                              \
        BYTES(__VA_ARGS__), REFERS_TO_NOTHING, 0, 0, 0                                             \
    }
#define DATA(at, ...)                                                                              \
    {                                                                                              \
        BYTES(__VA_ARGS__), REFERS_TO_DATA, at, 4, 128                                             \
    }
#define ON(width, ...)                                                                             \
    {                                                                                              \
        BYTES(__VA_ARGS__), REFERS_TO_ITEM, sizeof((const uint8_t[]){__VA_ARGS__}) - (width),      \
            width, 2                                                                               \
    }
#define FUNCTION(number, at, ...)                                                                  \
    {                                                                                              \
        BYTES(__VA_ARGS__), REFERS_TO_FUNCTION, at, 4, number                                      \
    }
#define POINTER(at, number, ...)                                                                   \
    {                                                                                              \
        BYTES(__VA_ARGS__), REFERS_TO_POINTER, at, 4, number                                       \
    }
#define TRAP PLAIN(0x0f, 0x0b)

/* The table of code pointers: 0 the item behind the trap, 1 the function, 2 `ret 8`. */
static const struct class classes[] = {
    {"plain", {PLAIN(0x48, 0x8d, 0x40, 0x01)}, .executed = 1},
    {"plain that sets flags", {PLAIN(0x48, 0x01, 0xc8)}, .executed = 1, .flags = true},
    {"push and pop", {PLAIN(0x50), PLAIN(0x58)}, .executed = 2, .red_zone = true},
    {"load relative to rip", {DATA(3, 0x48, 0x8b, 0x15, 0, 0, 0, 0)}, .executed = 1},
    {"load of rcx", {DATA(3, 0x48, 0x8b, 0x0d, 0, 0, 0, 0)}, .executed = 1},
    {"store", {DATA(3, 0x4c, 0x89, 0x0d, 0, 0, 0, 0)}, .executed = 1},
    {"store of a constant", {DATA(2, 0xc7, 0x05, 0, 0, 0, 0, 1, 2, 3, 4)}, .executed = 1},
    {"comparison with a constant",
     {DATA(2, 0x83, 0x3d, 0, 0, 0, 0, 7)},
     .executed = 1,
     .flags = true},
    {"lock add", {DATA(4, 0xf0, 0x48, 0x01, 0x05, 0, 0, 0, 0)}, .executed = 1, .flags = true},
    {"address", {DATA(3, 0x48, 0x8d, 0x05, 0, 0, 0, 0)}, .executed = 1},
    {"SSE", {DATA(3, 0x0f, 0x28, 0x0d, 0, 0, 0, 0)}, .executed = 1},
    {"push of memory",
     {DATA(2, 0xff, 0x35, 0, 0, 0, 0), PLAIN(0x58)},
     .executed = 2,
     .red_zone = true},
    {"short jump", {ON(1, 0xeb, 0), TRAP}, .executed = 1},
    {"jump", {ON(4, 0xe9, 0, 0, 0, 0), TRAP}, .executed = 1},
    {"branch, taken", {ON(1, 0x72, 0), TRAP}, .executed = 1},
    {"branch, long and taken", {ON(4, 0x0f, 0x82, 0, 0, 0, 0), TRAP}, .executed = 1},
    {"branch, not taken", {ON(1, 0x73, 0), PLAIN(0x90)}, .executed = 2},
    {"branch on parity", {ON(1, 0x7a, 0), PLAIN(0x90)}, .executed = 0},
    {"loop", {PLAIN(0xb9, 2, 0, 0, 0), ON(1, 0xe2, 0), TRAP}, .executed = 2},
    {"loope", {PLAIN(0xb9, 1, 0, 0, 0), ON(1, 0xe1, 0), PLAIN(0x90)}, .executed = 3},
    {"jrcxz", {PLAIN(0xb9, 0, 0, 0, 0), ON(1, 0xe3, 0), TRAP}, .executed = 2},
    {"call", {FUNCTION(0, 1, 0xe8, 0, 0, 0, 0)}, .executed = 2, .red_zone = true},
    {"ret with a release",
     {PLAIN(0x50), FUNCTION(1, 1, 0xe8, 0, 0, 0, 0)},
     .executed = 3,
     .red_zone = true},
    {"call of a register",
     {FUNCTION(0, 3, 0x48, 0x8d, 0x15, 0, 0, 0, 0), PLAIN(0xff, 0xd2)},
     .executed = 3,
     .red_zone = true},
    {"call of rcx",
     {FUNCTION(0, 3, 0x48, 0x8d, 0x0d, 0, 0, 0, 0), PLAIN(0xff, 0xd1)},
     .executed = 3,
     .red_zone = true},
    {"call of r11, notrack",
     {FUNCTION(0, 3, 0x4c, 0x8d, 0x1d, 0, 0, 0, 0), PLAIN(0x3e, 0x41, 0xff, 0xd3)},
     .executed = 3,
     .red_zone = true},
    {"jump to a register",
     {POINTER(3, 0, 0x48, 0x8b, 0x05, 0, 0, 0, 0), PLAIN(0xff, 0xe0), TRAP},
     .executed = 2},
    {"call through memory",
     {POINTER(2, 1, 0xff, 0x15, 0, 0, 0, 0)},
     .executed = 2,
     .red_zone = true},
    {"jump through memory", {POINTER(2, 0, 0xff, 0x25, 0, 0, 0, 0), TRAP}, .executed = 1},
    {"jump through memory, bnd",
     {POINTER(3, 0, 0xf2, 0xff, 0x25, 0, 0, 0, 0), TRAP},
     .executed = 1},
    {"call through a table",
     {POINTER(3, 0, 0x48, 0x8d, 0x0d, 0, 0, 0, 0), PLAIN(0xba, 1, 0, 0, 0),
      PLAIN(0xff, 0x14, 0xd1)},
     .executed = 4,
     .red_zone = true},
    {"call through the stack",
     {POINTER(2, 1, 0xff, 0x35, 0, 0, 0, 0), PLAIN(0xff, 0x14, 0x24), PLAIN(0x58)},
     .executed = 4,
     .red_zone = true},
    {"string",
     {PLAIN(0xb9, 5, 0, 0, 0), DATA(3, 0x48, 0x8d, 0x3d, 0, 0, 0, 0), PLAIN(0xf3, 0xaa)},
     .executed = 3},
    {"enter and leave",
     {PLAIN(0xc8, 0, 0, 0), PLAIN(0xc9)},
     .executed = 2,
     .stepped = true,
     .red_zone = true},
    {"branch with the prefix 67",
     {PLAIN(0xb9, 0, 0, 0, 0), ON(1, 0x67, 0xe3, 0), TRAP},
     .executed = 2,
     .stepped = true},
};

static void add(struct sequence *sequence, const struct piece *piece, size_t end)
{
    struct item *item = &sequence->items[sequence->count++];
    *item = (struct item){.length = piece->length,
                          .at = piece->at,
                          .width = piece->width,
                          .reference = piece->reference,
                          .to = piece->to};
    memcpy(item->bytes, piece->bytes, piece->length);
    if (piece->reference == REFERS_TO_ITEM)
        item->to = (uint16_t)(sequence->count - 1 + piece->to);
    if (piece->reference == REFERS_TO_FUNCTION) {
        item->reference = REFERS_TO_ITEM;
        item->to = (uint16_t)(end + 1 + piece->to);
    }
}

#define ADD(sequence, ...) add((sequence), &(const struct piece)PLAIN(__VA_ARGS__), 0)

static void build(const struct class *class, struct sequence *ret)
{
    size_t pieces = 0, again = 2, end;
    memset(ret, 0, sizeof(*ret));
    ret->place = 1;
    while (pieces < 4 && class->pieces[pieces].length)
        pieces++;
    end = again + 1 + pieces + 3;
    ADD(ret, 0x41, 0xbf, (uint8_t)ROUNDS, ROUNDS >> 8, 0, 0);
    ADD(ret, 0x4c, 0x89, 0x74, 0x24, 0xf8);
    ADD(ret, 0xf9);
    for (size_t i = 0; i < pieces; i++)
        add(ret, &class->pieces[i], end);
    ADD(ret, 0x83, 0xd3, 0x00);
    ADD(ret, 0x41, 0xff, 0xcf);
    add(ret, &(const struct piece){BYTES(0x75, 0), REFERS_TO_ITEM, 1, 1, 0}, 0);
    ret->items[ret->count - 1].to = (uint16_t)again;
    ADD(ret, 0x0f, 0x05);
    ADD(ret, 0xc3);
    ADD(ret, 0xc2, 8, 0);
    ret->pointers[0] = (uint16_t)(again + 1 + pieces);
    ret->pointers[1] = (uint16_t)(end + 1);
    ret->pointers[2] = (uint16_t)(end + 2);
    ret->regs.rip = sequence_address(ret);
    ret->regs.rsp = places[ret->place].stack + STACK_BYTES / 2;
    ret->regs.fs_base = places[ret->place].data;
    ret->regs.r14 = RED_ZONE_VALUE;
    ret->regs.eflags = 0x202;
}

static void check_class(struct subject *subject, const struct class *class)
{
    static struct sequence sequence;
    static struct outcome steps, cold, warm;
    build(class, &sequence);
    subject_load(subject, &sequence, 1);
    subject_reset(subject, &sequence);
    subject_run(subject, &sequence, BY_STEPS, NULL, UINT64_MAX, &steps);
    subject_reset(subject, &sequence);
    subject_run(subject, &sequence, BY_ENGINE, NULL, UINT64_MAX, &cold);
    subject_reset(subject, &sequence);
    uint64_t before = tracee_resumes();
    subject_run(subject, &sequence, BY_ENGINE, NULL, UINT64_MAX, &warm);
    uint64_t stops = tracee_resumes() - before, red_zone;
    print_message("%s: %lu instructions, %lu stops\n", class->name, warm.result.count, stops);
    assert_int_equal(steps.result.end, RUN_ENDED_AT_CALL);
    assert_int_equal(cold.result.end, RUN_ENDED_AT_CALL);
    assert_int_equal(warm.result.end, RUN_ENDED_AT_CALL);
    if (class->executed)
        assert_int_equal(steps.result.count, 2 + ROUNDS * (4 + class->executed));
    assert_int_equal(cold.result.count, steps.result.count);
    assert_int_equal(warm.result.count, steps.result.count);
    assert_true(state_same(&steps.state, &cold.state));
    assert_true(state_same(&steps.state, &warm.state));
    if (!class->flags)
        assert_int_equal(warm.state.regs.rbx, ROUNDS);
    memcpy(&red_zone, warm.state.stack + STACK_BYTES / 2 - 8, 8);
    if (!class->red_zone)
        assert_true(red_zone == RED_ZONE_VALUE);
    assert_true(class->stepped ? stops >= ROUNDS : stops <= STOPS_MAX);
}

static void every_class_is_exact_and_costs_no_stops(void **state)
{
    struct subject subject;
    subject_open(&subject);
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        check_class(&subject, &classes[i]);
    subject_close(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_is_exact_and_costs_no_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
