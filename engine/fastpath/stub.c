#include "engine/fastpath/stub.h"

#include <string.h>

#include "engine/fastpath/window_insn.h"

#define SYSCALL_BYTES 2
#define INT3 0xcc
#define BRANCH_BYTES 6 /* 0f 8x, an offset of 32 bits */
#define HOOK_JUMP_BYTES 19

/* A branch of two bytes grows by four. */
_Static_assert(WINDOW_BYTES_MAX + (STUB_PARTS_MAX - 1) * 4 + HOOK_JUMP_BYTES <= STUB_BYTES,
               "stubs have room");

struct maker {
    const uint8_t *bytes; /* the window's */
    uint64_t start, stub; /* addresses */
    struct stub *ret;
};

static void put(struct stub *stub, const void *bytes, size_t size)
{
    memcpy(stub->code + stub->size, bytes, size);
    stub->size = (uint8_t)(stub->size + size);
}

static void begin_part(struct stub *stub, uint8_t in_window)
{
    stub->in_stub[stub->parts] = stub->size;
    stub->in_window[stub->parts] = in_window;
    stub->parts++;
}

/* The offset that leads to `target` from an instruction that ends at `behind`. */
static struct error *offset_to(uint64_t target, uint64_t behind, int32_t *ret)
{
    int64_t offset = (int64_t)(target - behind);
    *ret = (int32_t)offset;
    if (*ret != offset)
        return error_new(NULL, "what a stub at %#lx needs is too far away, at %#lx", behind,
                         target);
    return NULL;
}

/* --- The window's instructions --------------------------------------------------------------- */

static struct error *put_branch(const struct maker *maker, const struct window_insn *insn,
                                uint64_t target)
{
    uint64_t behind = maker->stub + maker->ret->size + BRANCH_BYTES;
    uint8_t branch[BRANCH_BYTES] = {0x0f, insn->condition};
    int32_t offset;
    struct error *error = offset_to(target, behind, &offset);
    if (error)
        return error;
    memcpy(branch + 2, &offset, sizeof(offset));
    put(maker->ret, branch, sizeof(branch));
    return NULL;
}

static struct error *put_relative(const struct maker *maker, const struct window_insn *insn,
                                  uint8_t at, uint64_t target)
{
    uint8_t changed[WINDOW_BYTES_MAX];
    int32_t offset;
    struct error *error = offset_to(target, maker->stub + maker->ret->size + insn->length, &offset);
    if (error)
        return error;
    memcpy(changed, maker->bytes + at, insn->length);
    memcpy(changed + insn->relative_at, &offset, sizeof(offset));
    put(maker->ret, changed, insn->length);
    return NULL;
}

static struct error *put_insn(const struct maker *maker, const struct window_insn *insn, uint8_t at)
{
    uint64_t target = maker->start + at + (uint64_t)insn->target;
    uint64_t within = target - maker->start;
    begin_part(maker->ret, at);
    switch ((enum window_move)insn->move) {
    case MOVE_PLAIN:
        put(maker->ret, maker->bytes + at, insn->length);
        return NULL;
    case MOVE_RELATIVE:
        return put_relative(maker, insn, at, target);
    case MOVE_BRANCH:
        if (within > 0 && within < maker->ret->length)
            break;
        return put_branch(maker, insn, target);
    case MOVE_NEVER:
        break;
    }
    return error_new(NULL, "the instruction at %#lx cannot be moved", maker->start + at);
}

static struct error *put_window(const struct maker *maker)
{
    struct error *error = NULL;
    struct window_insn insn;
    uint8_t length = maker->ret->length;
    for (uint8_t at = 0; !error && at < length; at = (uint8_t)(at + insn.length)) {
        if (maker->ret->parts == STUB_PARTS_MAX - 1 ||
            !window_insn_decode(maker->bytes + at, (size_t)(length - at), &insn))
            return error_new(NULL, "there are no instructions to be moved at %#lx", maker->start);
        error = put_insn(maker, &insn, at);
    }
    return error;
}

/* --- The stub -------------------------------------------------------------------------------- */

static void put_hook_jump(const struct maker *maker, uint32_t hook)
{
    uint64_t behind = maker->start + maker->ret->length + SYSCALL_BYTES;
    uint8_t jump[HOOK_JUMP_BYTES] = {[0] = 0x48,  [1] = 0xb9,  /* movabs $, %rcx */
                                     [10] = 0x41, [11] = 0xbb, /* mov $, %r11d */
                                     [16] = 0x41, [17] = 0xff, [18] = 0xe3 /* jmp *%r11 */};
    memcpy(jump + 2, &behind, sizeof(behind));
    memcpy(jump + 12, &hook, sizeof(hook));
    begin_part(maker->ret, maker->ret->length);
    put(maker->ret, jump, sizeof(jump));
}

static struct error *make_jump(const struct maker *maker)
{
    int32_t offset;
    struct error *error = offset_to(maker->stub, maker->start + STUB_JUMP_BYTES, &offset);
    if (error)
        return error;
    maker->ret->jump[0] = 0xe9;
    memcpy(maker->ret->jump + 1, &offset, sizeof(offset));
    return NULL;
}

struct error *stub_make(const uint8_t *bytes, uint8_t length, taddr start, taddr stub, taddr hook,
                        struct stub *ret)
{
    const struct maker maker = {bytes, start.value, stub.value, ret};
    *ret = (struct stub){.length = length};
    memset(ret->code, INT3, sizeof(ret->code));
    if (length < WINDOW_BYTES_MIN || length > WINDOW_BYTES_MAX || hook.value > UINT32_MAX)
        return error_new(NULL, "no stub for a window of %u bytes and a hook at %#lx", length,
                         hook.value);
    struct error *error = put_window(&maker);
    if (!error)
        error = make_jump(&maker);
    if (!error)
        put_hook_jump(&maker, (uint32_t)hook.value);
    return error;
}

uint8_t stub_place(const struct stub *stub, uint8_t offset)
{
    uint8_t place = 0;
    for (uint8_t i = 0; i < stub->parts && stub->in_stub[i] <= offset; i++)
        place = stub->in_window[i];
    return place;
}
