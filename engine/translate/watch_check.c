#include "engine/translate/watch_check.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/cleanup.h"
#include "engine/translate/aside.h"
#include "engine/translate/layout.h"

#define EMIT(emitter, ...)                                                                         \
    emit_bytes(emitter, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void emit_word(struct emitter *emitter, uint32_t word)
{
    emit_bytes(emitter, &word, sizeof(word));
}

/* --- Addresses ------------------------------------------------------------------------------- */

/* reg = base + index * scale + displacement: rax or rcx */
static void emit_address(struct emitter *emitter, enum general_register reg,
                         const struct insn_access *access)
{
    bool no_base = access->base == NO_REGISTER, no_index = access->index == NO_REGISTER;
    uint8_t base = no_base ? RBP : access->base, index = no_index ? RSP : access->index;
    uint8_t scale = (uint8_t)__builtin_ctz(access->scale);
    if (no_base && no_index) {
        emit_constant(emitter, reg, (uint64_t)access->displacement);
        return;
    }
    EMIT(emitter, (uint8_t)(0x48 | (index >> 3) << 1 | base >> 3), 0x8d,
         (uint8_t)((no_base ? 0x04 : 0x84) | reg << 3),
         (uint8_t)(scale << 6 | (index & 7) << 3 | (base & 7)));
    emit_word(emitter, (uint32_t)access->displacement);
}

/* rcx += the base of the segment. rax is put away meanwhile. */
static void emit_add_segment(struct emitter *emitter, const struct insn_access *access)
{
    if (access->segment == SEGMENT_FLAT)
        return;
    emit_save(emitter, RAX, WORD_WATCH_RAX);
    EMIT(emitter, 0xf3, 0x48, 0x0f, 0xae,
         access->segment == SEGMENT_FS ? 0xc0 : 0xc8); /* rdfsbase, rdgsbase rax */
    EMIT(emitter, 0x48, 0x8d, 0x0c, 0x01);             /* lea rcx, [rcx + rax] */
    emit_load(emitter, RAX, WORD_WATCH_RAX);
}

/* --- What the processor has ------------------------------------------------------------------ */

#define LEAF_FEATURES 7

static bool has_feature(unsigned bit)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid_count(LEAF_FEATURES, 0, &eax, &ebx, &ecx, &edx) && ebx >> bit & 1;
}

/* By granules of 8 bytes where a shift can be had that leaves the flags alone (BMI2), else by
 * bytes. */
static unsigned filter_shift(void)
{
    return has_feature(8) ? 3 : 0;
}

static bool has_segment_bases(void)
{
    return has_feature(0);
}

/* --- Checks ---------------------------------------------------------------------------------- */

#define NARROW 8
#define WIDEST 512 /* accesses of more bytes have no filter */

static void emit_filter(struct emitter *emitter, uint16_t bytes)
{
    if (filter_shift())
        EMIT(emitter, 0xc4, 0xe3, 0xfb, 0xf0, 0xc9, 0x03); /* rorx rcx, rcx, 3 */
    EMIT(emitter, 0x0f, 0xb7, 0xc9);                       /* movzx ecx, cx */
    EMIT(emitter, 0x0f, 0xb6, 0x89);                       /* movzx ecx, byte [rcx + filter] */
    emit_word(emitter, bytes <= NARROW ? ENGINE_WATCH_NARROW : ENGINE_WATCH_WIDE);
}

static void emit_check(struct emitter *emitter, const struct insn_access *access,
                       int32_t unexecuted, struct watch_sites *sites)
{
    struct watch_site *site = &sites->site[sites->count++];
    bool filtered = !access->repeats && access->bytes <= WIDEST;
    size_t nothing = 0;
    emit_save(emitter, RCX, WORD_WATCH_RCX);
    if (filtered) {
        emit_address(emitter, RCX, access);
        emit_add_segment(emitter, access);
        emit_filter(emitter, access->bytes);
        nothing = emit_jump_if_rcx_zero(emitter);
    }
    *site = (struct watch_site){
        .access = *access, .jump = emit_jump(emitter, 0), .unexecuted = unexecuted};
    if (filtered)
        emit_land(emitter, nothing);
    site->back = emit_here(emitter);
    emit_load(emitter, RCX, WORD_WATCH_RCX);
}

static bool is_watched(const struct insn_access *access, unsigned watched)
{
    return (access->reads && watched & WATCHES_READS) ||
           (access->writes && watched & WATCHES_WRITES);
}

/* false: a check is not possible. */
static bool find_watched(const uint8_t *bytes, size_t size, uint64_t address, unsigned watched,
                         struct insn_accesses *ret)
{
    size_t kept = 0;
    insn_find_accesses(bytes, size, address, ret);
    if (ret->unknown && (ret->any_writes || watched & WATCHES_READS))
        return false;
    for (size_t i = 0; i < ret->count; i++) {
        if (!is_watched(&ret->access[i], watched))
            continue;
        if (ret->access[i].segment != SEGMENT_FLAT && !has_segment_bases())
            return false;
        ret->access[kept++] = ret->access[i];
    }
    ret->count = kept;
    return true;
}

bool watch_can_check(const uint8_t *bytes, size_t size, uint64_t address, unsigned watched)
{
    struct insn_accesses accesses;
    return find_watched(bytes, size, address, watched, &accesses);
}

bool emit_watch_checks(struct emitter *emitter, const uint8_t *bytes, size_t size, uint64_t address,
                       int32_t unexecuted, struct watch_sites *sites)
{
    struct insn_accesses accesses;
    if (!find_watched(bytes, size, address, sites->watched, &accesses) ||
        sites->count + accesses.count > WATCH_SITES_MAX)
        return false;
    for (size_t i = 0; i < accesses.count; i++)
        emit_check(emitter, &accesses.access[i], unexecuted, sites);
    return true;
}

/* --- Slow parts ------------------------------------------------------------------------------ */

#define KIND_UNSURE 4u /* besides enum watch_access */
#define FLAG_DIRECTION 0x400u

static void emit_store_constant(struct emitter *emitter, uint32_t word, uint32_t value)
{
    EMIT(emitter, 0x48, 0xc7, 0x04, 0x25); /* mov qword [word], imm32 */
    emit_word(emitter, word);
    emit_word(emitter, value);
}

/* rax: the first byte's address -> rax: behind the last, and the words of both, for a rep prefix.
 * Flags and rax are put away, and rcx is the program's; without repetitions, nothing is touched:
 * the range is made one that no watch can have. */
static void emit_repeated_range(struct emitter *emitter, uint16_t bytes)
{
    uint8_t scale = (uint8_t)__builtin_ctz(bytes);
    emit_save(emitter, RSP, WORD_WATCH_RSP);
    EMIT(emitter, 0xbc); /* mov esp, the end of the engine's words */
    emit_word(emitter, ENGINE_WORDS_END);
    EMIT(emitter, 0x9c, 0x8f, 0x04, 0x25); /* pushfq; pop [word] */
    emit_word(emitter, WORD_WATCH_FLAGS);
    emit_load(emitter, RSP, WORD_WATCH_RSP);
    EMIT(emitter, 0x48, 0x8d, 0x0c,
         (uint8_t)(scale << 6 | RCX << 3 | RBP)); /* lea rcx, [rcx * n] */
    emit_word(emitter, 0);
    EMIT(emitter, 0xf7, 0x04, 0x25); /* test dword [word], direction */
    emit_word(emitter, WORD_WATCH_FLAGS);
    emit_word(emitter, FLAG_DIRECTION);
    EMIT(emitter, 0x74, 9);          /* je over: */
    EMIT(emitter, 0x48, 0x29, 0xc8); /* sub rax, rcx */
    EMIT(emitter, 0x48, 0x05);       /* add rax, bytes */
    emit_word(emitter, bytes);
    emit_save(emitter, RAX, WORD_ACCESS_START);
    EMIT(emitter, 0x48, 0x01, 0xc8); /* add rax, rcx */
    EMIT(emitter, 0x48, 0x85, 0xc9); /* test rcx, rcx */
    EMIT(emitter, 0x75, 2);          /* jne over: */
    EMIT(emitter, 0x31, 0xc0);       /* xor eax, eax */
}

static void emit_site(struct emitter *emitter, const struct watch_site *site)
{
    const struct insn_access *access = &site->access;
    uint32_t kind = (access->reads ? WATCHES_READS : 0) | (access->writes ? WATCHES_WRITES : 0) |
                    (access->unsure ? KIND_UNSURE : 0);
    emit_point(emitter, site->jump, emit_here(emitter));
    emit_load(emitter, RCX, WORD_WATCH_RCX);
    emit_put_aside(emitter);
    emit_load(emitter, RAX, WORD_ASIDE_RAX);
    emit_address(emitter, RCX, access);
    emit_add_segment(emitter, access);
    EMIT(emitter, 0x48, 0x89, 0xc8); /* mov rax, rcx */
    emit_load(emitter, RCX, WORD_WATCH_RCX);
    if (access->repeats) {
        emit_repeated_range(emitter, access->bytes);
    } else {
        emit_save(emitter, RAX, WORD_ACCESS_START);
        EMIT(emitter, 0x48, 0x05); /* add rax, bytes */
        emit_word(emitter, access->bytes);
    }
    emit_save(emitter, RAX, WORD_ACCESS_END);
    emit_store_constant(emitter, WORD_ACCESS_KIND, kind);
    emit_store_constant(emitter, WORD_ACCESS_UNEXECUTED, (uint32_t)site->unexecuted);
    emit_store_constant(emitter, WORD_ACCESS_BACK, site->back);
    emit_jump(emitter, ENGINE_WATCH_ROUTINE);
}

void emit_watch_sites(struct emitter *emitter, const struct watch_sites *sites)
{
    for (uint32_t i = 0; i < sites->count; i++)
        emit_site(emitter, &sites->site[i]);
}

/* --- The routine ----------------------------------------------------------------------------- */

/* op rdx, [word], by its opcode */
static void emit_rdx(struct emitter *emitter, uint8_t opcode, uint32_t word)
{
    EMIT(emitter, 0x48, opcode, 0x14, 0x25);
    emit_word(emitter, word);
}

#define CONDITION_ZERO (CONDITION_NOT_EQUAL ^ OPPOSITE_CONDITION)
#define LOAD 0x8b
#define SAVE 0x89
#define ADD 0x03
#define COMPARE 0x39 /* [word] with rdx */
#define COMPARE_WITH 0x3b
#define TEST 0x85

static size_t emit_short_branch(struct emitter *emitter, uint8_t opcode)
{
    EMIT(emitter, opcode, 0);
    return emitter->size;
}

#define SHORT_JUMP 0xeb
#define SHORT_IF_ZERO 0x74
#define SHORT_IF_NOT_ZERO 0x75
#define SHORT_IF_NOT_BELOW 0x73
#define SHORT_IF_NOT_ABOVE 0x76

static void emit_note(struct emitter *emitter)
{
    emit_rdx(emitter, LOAD, WORD_REMAINING);
    emit_rdx(emitter, ADD, WORD_ACCESS_UNEXECUTED);
    emit_rdx(emitter, COMPARE_WITH, WORD_NOTE);
    size_t again = emit_short_branch(emitter, SHORT_IF_ZERO); /* the instruction's other access */
    emit_rdx(emitter, LOAD, WORD_NOTE);
    emit_rdx(emitter, SAVE, WORD_NOTE_BEFORE);
    emit_rdx(emitter, LOAD, WORD_NOTE_WHICH);
    emit_rdx(emitter, SAVE, WORD_NOTE_WHICH_BEFORE);
    emit_land(emitter, again);
    emit_rdx(emitter, LOAD, WORD_REMAINING);
    emit_rdx(emitter, ADD, WORD_ACCESS_UNEXECUTED);
    emit_rdx(emitter, SAVE, WORD_NOTE);
    emit_save(emitter, RCX, WORD_NOTE_WHICH);
}

static void emit_give_back(struct emitter *emitter)
{
    emit_load(emitter, RDX, WORD_WATCH_RDX);
    emit_load(emitter, RCX, WORD_WATCH_RCX);
    emit_take_back(emitter);
}

/* rcx goes through the list; returns with it at the watch that is touched. *none: the jump that is
 * taken where there is none. */
static void emit_search(struct emitter *emitter, size_t *none)
{
    emit_constant(emitter, RCX, ENGINE_WATCH_LIST);
    size_t next = emitter->size;
    EMIT(emitter, 0x48, 0x8b, 0x51, 0x08); /* mov rdx, [rcx + 8]: its end, 0 behind the last */
    EMIT(emitter, 0x48, 0x85, 0xd2);       /* test rdx, rdx */
    *none = emit_branch(emitter, CONDITION_ZERO, 0);
    emit_rdx(emitter, COMPARE, WORD_ACCESS_START);
    size_t behind = emit_short_branch(emitter, SHORT_IF_NOT_BELOW);
    EMIT(emitter, 0x48, 0x8b, 0x11); /* mov rdx, [rcx]: its start */
    emit_rdx(emitter, COMPARE, WORD_ACCESS_END);
    size_t before = emit_short_branch(emitter, SHORT_IF_NOT_ABOVE);
    EMIT(emitter, 0x48, 0x8b, 0x51, 0x10); /* mov rdx, [rcx + 16]: its kinds */
    emit_rdx(emitter, TEST, WORD_ACCESS_KIND);
    size_t found = emit_short_branch(emitter, SHORT_IF_NOT_ZERO);
    emit_land(emitter, behind);
    emit_land(emitter, before);
    EMIT(emitter, 0x48, 0x83, 0xc1, ENGINE_WATCH_ENTRY); /* add rcx, entry */
    size_t back = emit_short_branch(emitter, SHORT_JUMP);
    if (!emitter->full)
        emitter->bytes[back - 1] = (uint8_t)(next - back);
    emit_land(emitter, found);
}

uint32_t emit_watch_routine(struct emitter *emitter)
{
    size_t none;
    emit_save(emitter, RDX, WORD_WATCH_RDX);
    emit_search(emitter, &none);
    emit_note(emitter);
    emit_rdx(emitter, LOAD, WORD_ACCESS_KIND);
    EMIT(emitter, 0xf6, 0xc2, KIND_UNSURE); /* test dl, unsure */
    size_t unsure = emit_short_branch(emitter, SHORT_IF_NOT_ZERO);
    emit_rdx(emitter, LOAD, WORD_WATCH_STOPS);
    EMIT(emitter, 0x48, 0x85, 0xd2); /* test rdx, rdx */
    size_t stops = emit_short_branch(emitter, SHORT_IF_NOT_ZERO);
    emit_point(emitter, none, emit_here(emitter));
    emit_give_back(emitter);
    EMIT(emitter, 0xff, 0x24, 0x25); /* jmp [word] */
    emit_word(emitter, WORD_ACCESS_BACK);
    emit_land(emitter, unsure);
    emit_land(emitter, stops);
    emit_give_back(emitter);
    uint32_t trap = emit_here(emitter);
    emit_trap(emitter);
    return trap;
}

/* --- In the vessel --------------------------------------------------------------------------- */

/* Where an access of at most `widest` bytes may begin that touches the watch. */
static void fill_filter(uint8_t *filter, const struct watch *watch, uint64_t widest)
{
    unsigned shift = filter_shift();
    uint64_t first = (watch->address.value - (widest - 1)) >> shift;
    uint64_t last = (watch->address.value + watch->length - 1) >> shift;
    uint64_t count = last - first + 1;
    if (count > WATCH_FILTER_BYTES)
        count = WATCH_FILTER_BYTES;
    for (uint64_t i = 0; i < count; i++)
        filter[(first + i) % WATCH_FILTER_BYTES] = 1;
}

struct watch_entry {
    uint64_t start, end, kinds;
};

_Static_assert(sizeof(struct watch_entry) == ENGINE_WATCH_ENTRY, "as the routine has it");

struct tables {
    uint8_t narrow[WATCH_FILTER_BYTES], wide[WATCH_FILTER_BYTES];
    struct watch_entry list[WATCHES_MAX + 1];
};

static struct error *write_tables(struct tracee *tracee, const struct tables *tables, size_t count)
{
    struct error *error =
        tracee_write(tracee, taddr_of(ENGINE_WATCH_NARROW), tables->narrow, sizeof(tables->narrow));
    if (!error)
        error =
            tracee_write(tracee, taddr_of(ENGINE_WATCH_WIDE), tables->wide, sizeof(tables->wide));
    return error ? error
                 : tracee_write(tracee, taddr_of(ENGINE_WATCH_LIST), tables->list,
                                (count + 1) * sizeof(tables->list[0]));
}

struct error *watch_tables_write(struct tracee *tracee, const struct watch *watches, size_t count,
                                 bool stops)
{
    uint64_t stops_word = stops;
    if (count > WATCHES_MAX)
        return error_new("remove some", "%zu watchpoints in one run", count);
    CLEANUP(free) struct tables *tables = calloc(1, sizeof(*tables));
    if (!tables)
        return &err_no_memory;
    for (size_t i = 0; i < count; i++) {
        const struct watch *watch = &watches[i];
        fill_filter(tables->narrow, watch, NARROW);
        fill_filter(tables->wide, watch, WIDEST);
        tables->list[i] = (struct watch_entry){watch->address.value,
                                               watch->address.value + watch->length, watch->access};
    }
    struct error *error = write_tables(tracee, tables, count);
    return error
               ? error
               : tracee_write(tracee, taddr_of(WORD_WATCH_STOPS), &stops_word, sizeof(stops_word));
}

struct error *watch_trap_read(struct tracee *tracee, struct watch_trap *ret)
{
    uint64_t kind = 0, which = 0;
    struct error *error = tracee_read(tracee, taddr_of(WORD_ACCESS_BACK), &ret->back, 8);
    if (!error)
        error = tracee_read(tracee, taddr_of(WORD_ACCESS_KIND), &kind, sizeof(kind));
    if (!error)
        error = tracee_read(tracee, taddr_of(WORD_NOTE_WHICH), &which, sizeof(which));
    ret->unsure = kind & KIND_UNSURE;
    ret->watch = (which - ENGINE_WATCH_LIST) / ENGINE_WATCH_ENTRY;
    return error;
}
