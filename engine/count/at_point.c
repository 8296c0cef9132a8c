#include "engine/count/at_point.h"

#include <string.h>

#include "engine/tracee/xsave.h"

#define FLAG_TRAP 0x100ull     /* set by single-stepping */
#define FLAG_RESUME 0x10000ull /* set by the kernel as it returns from faults */

static bool same_registers(const struct user_regs_struct *a, const struct user_regs_struct *b)
{
    return a->rip == b->rip && a->rax == b->rax && a->rcx == b->rcx && a->rdx == b->rdx &&
           a->rbx == b->rbx && a->rsp == b->rsp && a->rbp == b->rbp && a->rsi == b->rsi &&
           a->rdi == b->rdi && a->r8 == b->r8 && a->r9 == b->r9 && a->r10 == b->r10 &&
           a->r11 == b->r11 && a->r12 == b->r12 && a->r13 == b->r13 && a->r14 == b->r14 &&
           a->r15 == b->r15 && !((a->eflags ^ b->eflags) & ~(FLAG_TRAP | FLAG_RESUME));
}

static struct error *same_vectors(struct tracee *tracee, const uint8_t *vectors, bool *ret)
{
    uint8_t bytes[XSAVE_MAX];
    size_t size;
    struct error *error = tracee_get_xsave(tracee, bytes, &size);
    if (error)
        return error;
    xsave_plain(bytes, size);
    *ret =
        size >= RUN_POINT_VECTOR_BYTES && memcmp(bytes + XSAVE_REGISTERS, vectors + XSAVE_REGISTERS,
                                                 RUN_POINT_VECTOR_BYTES - XSAVE_REGISTERS) == 0;
    return NULL;
}

struct error *is_at_point(struct tracee *tracee, const struct run_point *point, bool *ret)
{
    struct user_regs_struct *regs;
    *ret = false;
    if (!point)
        return NULL;
    struct error *error = tracee_regs(tracee, &regs);
    if (error || !same_registers(regs, &point->regs))
        return error;
    for (size_t i = 0; i < point->word_count; i++) {
        uint64_t value;
        if (tracee_read_some(tracee, point->words[i].address, &value, sizeof(value)) <
                sizeof(value) ||
            value != point->words[i].value)
            return NULL;
    }
    *ret = true;
    return point->vectors ? same_vectors(tracee, point->vectors, ret) : NULL;
}
