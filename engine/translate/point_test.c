#include "engine/translate/point_test.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/tracee/xsave.h"
#include "engine/translate/aside.h"
#include "engine/translate/layout.h"

#define NOT_EQUAL 0x85

/* Where the register is in the kernel's structure, by its number; the cheap ones to tell apart
 * come first. rax is not among them: it is in use. */
static const struct {
    uint8_t number;
    uint16_t offset;
} compared[] = {
#define REGISTER(number, name)                                                                     \
    {                                                                                              \
        number, offsetof(struct user_regs_struct, name)                                            \
    }
    REGISTER(1, rcx),  REGISTER(2, rdx),  REGISTER(3, rbx),  REGISTER(6, rsi),  REGISTER(7, rdi),
    REGISTER(5, rbp),  REGISTER(4, rsp),  REGISTER(8, r8),   REGISTER(9, r9),   REGISTER(10, r10),
    REGISTER(11, r11), REGISTER(12, r12), REGISTER(13, r13), REGISTER(14, r14), REGISTER(15, r15),
#undef REGISTER
};

/* Of the x87 and SSE registers, the upper two bytes of an x87 register left out. */
#define VECTOR_WORDS (8 + 32)

/* Values that the test compares with, 8 bytes each. */
struct values {
    uint64_t value[ARRAY_LENGTH(compared) + 1 + RUN_POINT_WORDS_MAX + VECTOR_WORDS];
    uint32_t count;
};

static uint32_t add_value(struct values *values, uint64_t value)
{
    values->value[values->count] = value;
    return ENGINE_POINT_VALUES + 8 * values->count++;
}

/* --- The code
 * -------------------------------------------------------------------------------------- */

#define EMIT(emitter, ...)                                                                         \
    emit_bytes(emitter, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* cmp register, [word]; jne on */
static void emit_compare(struct emitter *emitter, uint8_t number, uint32_t word, uint32_t on)
{
    EMIT(emitter, number < 8 ? 0x48 : 0x4c, 0x3b, (uint8_t)(0x04 | (number & 7) << 3), 0x25);
    emit_bytes(emitter, &word, sizeof(word));
    emit_branch(emitter, NOT_EQUAL, on);
}

static void emit_compare_flags(struct emitter *emitter, uint64_t flags, uint32_t on)
{
    EMIT(emitter, 0x3c, aside_overflow(flags)); /* cmp al */
    emit_branch(emitter, NOT_EQUAL, on);
    EMIT(emitter, 0x80, 0xfc, aside_low_flags(flags)); /* cmp ah */
    emit_branch(emitter, NOT_EQUAL, on);
}

static void emit_compare_words(struct emitter *emitter, const struct run_point *point, size_t from,
                               size_t to, struct values *values)
{
    for (size_t i = from; i < to; i++) {
        emit_constant(emitter, RAX, point->words[i].address.value);
        EMIT(emitter, 0x48, 0x8b, 0x00); /* mov rax, [rax] */
        emit_compare(emitter, RAX, add_value(values, point->words[i].value), ENGINE_POINT_ON);
    }
}

/* fxsave changes nothing, and waits for no exception. */
static void emit_compare_vectors(struct emitter *emitter, const uint8_t *vectors,
                                 struct values *values)
{
    const uint32_t area = ENGINE_POINT_VECTORS;
    EMIT(emitter, 0x48, 0x0f, 0xae, 0x04, 0x25); /* fxsave64 [area] */
    emit_bytes(emitter, &area, sizeof(area));
    for (uint32_t at = XSAVE_REGISTERS; at < RUN_POINT_VECTOR_BYTES; at += sizeof(uint64_t)) {
        uint64_t value;
        if (at < XSAVE_SSE_REGISTERS && at % 16)
            continue;
        memcpy(&value, vectors + at, sizeof(value));
        emit_load(emitter, RAX, area + at);
        emit_compare(emitter, RAX, add_value(values, value), ENGINE_POINT_ON);
    }
}

/* Words are chosen for changing, where registers may be equal at each visit: some go first. */
#define WORDS_FIRST 3

/* The test begins with what its failing leads to, so that all jumps to that go backwards. Returns
 * where it traps. */
static uint32_t emit_test(struct emitter *emitter, const struct run_point *point,
                          struct values *values)
{
    const uint8_t *regs = (const uint8_t *)&point->regs;
    const uint32_t on = ENGINE_POINT_ON;
    size_t first = point->word_count < WORDS_FIRST ? point->word_count : WORDS_FIRST;
    emit_put_aside(emitter);
    emit_compare_flags(emitter, point->regs.eflags, on);
    emit_compare_words(emitter, point, 0, first, values);
    for (size_t i = 0; i < ARRAY_LENGTH(compared); i++) {
        uint64_t value;
        memcpy(&value, regs + compared[i].offset, sizeof(value));
        emit_compare(emitter, compared[i].number, add_value(values, value), on);
    }
    emit_load(emitter, RAX, WORD_ASIDE_RAX);
    emit_compare(emitter, RAX, add_value(values, point->regs.rax), on);
    emit_compare_words(emitter, point, first, point->word_count, values);
    if (point->vectors)
        emit_compare_vectors(emitter, point->vectors, values);
    emit_take_back(emitter);
    uint32_t trap = emit_here(emitter);
    emit_trap(emitter);
    return trap;
}

static struct error *write_code(struct translator *translator, const struct emitter *emitter)
{
    if (emitter->full)
        return error_new(NULL, "a point has too many words");
    return tracee_write(translator->tracee, taddr_of(emitter->base), emitter->bytes, emitter->size);
}

struct error *point_test_lead(struct translator *translator, uint32_t to)
{
    if (translator->point_test.leads_to == to)
        return NULL;
    CLEANUP(free) struct emitter *emitter = malloc(sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    emitter->size = 0;
    emitter->full = false;
    emitter->base = ENGINE_POINT_ON;
    emit_take_back(emitter);
    emit_jump(emitter, to);
    translator->point_test.leads_to = to;
    return write_code(translator, emitter);
}

/* --- The point
 * ------------------------------------------------------------------------------------- */

static bool is_written(const struct point_test *test, const struct run_point *point)
{
    return test->trap && test->word_count == point->word_count &&
           test->has_vectors == (point->vectors != NULL) &&
           (!point->vectors || memcmp(test->vectors, point->vectors, sizeof(test->vectors)) == 0) &&
           memcmp(&test->regs, &point->regs, sizeof(test->regs)) == 0 &&
           (!point->word_count ||
            memcmp(test->words, point->words, point->word_count * sizeof(*point->words)) == 0);
}

struct error *point_test_write(struct translator *translator, const struct run_point *point)
{
    struct point_test *test = &translator->point_test;
    struct values values = {.count = 0};
    if (point->word_count > RUN_POINT_WORDS_MAX)
        return error_new(NULL, "a point has too many words");
    if (is_written(test, point))
        return NULL;
    CLEANUP(free) struct emitter *emitter = malloc(sizeof(*emitter));
    if (!emitter)
        return &err_no_memory;
    emitter->size = 0;
    emitter->full = false;
    emitter->base = ENGINE_POINT_TEST;
    test->trap = emit_test(emitter, point, &values);
    test->regs = point->regs;
    test->word_count = point->word_count;
    test->has_vectors = point->vectors != NULL;
    if (point->vectors)
        memcpy(test->vectors, point->vectors, sizeof(test->vectors));
    if (point->word_count)
        memcpy(test->words, point->words, point->word_count * sizeof(*point->words));
    struct error *error = write_code(translator, emitter);
    return error ? error
                 : tracee_write(translator->tracee, taddr_of(ENGINE_POINT_VALUES), values.value,
                                values.count * sizeof(values.value[0]));
}

bool point_test_has(const struct translator *translator, uint64_t code)
{
    return translator->point_test.trap && code >= ENGINE_POINT_ON && code <= ENGINE_POINT_CODE_END;
}

struct error *point_test_restore(struct translator *translator, uint64_t code)
{
    /* What follows the test's failing comes behind all of it. */
    uint64_t offset = code < ENGINE_POINT_TEST ? ENGINE_POINT_TEST : code - ENGINE_POINT_TEST;
    return aside_restore(translator->tracee, offset);
}
