#include "record/instruction.h"

#include <cpuid.h>

#include "engine/tracee/tsc_trap.h"

/* --- Decoding -------------------------------------------------------------------------------- */

#define REX_W 8
#define REX_B 1

struct prefixes {
    size_t count;
    bool operand_size, repeat;
    uint8_t rex; /* 0: none */
};

static struct prefixes take_prefixes(const uint8_t *bytes, size_t size)
{
    struct prefixes prefixes = {0};
    for (; prefixes.count < size; prefixes.count++) {
        uint8_t byte = bytes[prefixes.count];
        bool is_rex = (byte & 0xf0) == 0x40;
        if (byte == 0x66)
            prefixes.operand_size = true;
        else if (byte == 0xf2 || byte == 0xf3)
            prefixes.repeat = true;
        else if (!is_rex && byte != 0x67 && byte != 0x2e && byte != 0x36 && byte != 0x3e &&
                 byte != 0x26 && byte != 0x64 && byte != 0x65)
            break;
        prefixes.rex = is_rex ? byte : 0; /* it counts directly before the opcode only */
    }
    return prefixes;
}

static bool decode_random(uint8_t modrm, const struct prefixes *prefixes, struct instruction *ret)
{
    if (modrm < 0xf0 || prefixes->repeat) /* with F3 it is rdpid */
        return false;
    ret->kind = modrm < 0xf8 ? INSTRUCTION_RDRAND : INSTRUCTION_RDSEED;
    ret->general = (uint8_t)((modrm & 7) | (prefixes->rex & REX_B ? 8 : 0));
    ret->width = prefixes->rex & REX_W ? 8 : prefixes->operand_size ? 2 : 4;
    return true;
}

bool instruction_decode(const uint8_t *bytes, size_t size, struct instruction *ret)
{
    const struct prefixes prefixes = take_prefixes(bytes, size);
    const uint8_t *opcode = bytes + prefixes.count;
    size_t left = size - prefixes.count;
    *ret = (struct instruction){0};
    if (left < 2 || opcode[0] != 0x0f)
        return false;
    ret->length = (uint8_t)(prefixes.count + 2);
    if (opcode[1] == 0x31)
        ret->kind = INSTRUCTION_RDTSC;
    else if (opcode[1] == 0xa2)
        ret->kind = INSTRUCTION_CPUID;
    if (ret->kind || left < 3)
        return ret->kind;
    ret->length++;
    if (opcode[1] == 0x01 && opcode[2] == 0xf9)
        ret->kind = INSTRUCTION_RDTSCP;
    else if (opcode[1] == 0xc7)
        decode_random(opcode[2], &prefixes, ret);
    return ret->kind;
}

/* --- Execution ------------------------------------------------------------------------------- */

bool instruction_is_supported(enum trace_instruction kind)
{
    uint32_t a, b, c, d;
    if (kind == INSTRUCTION_RDRAND)
        return __get_cpuid(1, &a, &b, &c, &d) && c & bit_RDRND;
    if (kind == INSTRUCTION_RDSEED)
        return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_RDSEED;
    return true;
}

static void read_counter(const struct instruction *instruction, struct user_regs_struct *regs)
{
    uint32_t processor;
    uint64_t counter = tsc_read(&processor);
    regs->rax = (uint32_t)counter;
    regs->rdx = counter >> 32;
    if (instruction->kind == INSTRUCTION_RDTSCP)
        regs->rcx = processor;
}

enum answer_register { EAX, EBX, ECX, EDX };

#define BIT(number) (1u << (number))

static void hide_features(uint32_t leaf, uint32_t subleaf, uint32_t answer[4])
{
    static const struct {
        uint32_t leaf, subleaf;
        enum answer_register where;
        uint32_t bits;
    } hidden[] = {
        {7, 0, EBX, BIT(4) | BIT(11)},                  /* HLE, RTM */
        {7, 0, ECX, BIT(3) | BIT(4) | BIT(5) | BIT(7)}, /* PKU, OSPKE, WAITPKG, SHSTK */
        {7, 0, EDX, BIT(22) | BIT(24) | BIT(25)},       /* AMX-BF16, AMX-TILE, AMX-INT8 */
        {7, 1, EAX, BIT(21)},                           /* AMX-FP16 */
        {7, 1, EDX, BIT(8)},                            /* AMX-COMPLEX */
        /* xsavec leaves unwritten what is not in use, which changes by itself: the dynamic linker
         * saves vector registers at each first call of a function, and what it leaves on the stack
         * is stale memory to frames that come after. With xsave that differs in 8 bytes only. */
        {0xd, 1, EAX, BIT(1)},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(hidden); i++)
        if (hidden[i].leaf == leaf && hidden[i].subleaf == subleaf)
            answer[hidden[i].where] &= ~hidden[i].bits;
}

/* Those that programs ask for most, and that do not look at ecx, which may hold anything. */
static bool has_no_subleaves(uint32_t leaf)
{
    return leaf <= 1 || leaf == 6 || (leaf >= 0x80000000 && leaf <= 0x80000008);
}

static const struct cpuid_answer *find_answer(const struct cpuid_answers *answers, uint32_t leaf,
                                              uint32_t subleaf)
{
    for (size_t i = 0; i < answers->count; i++)
        if (answers->known[i].leaf == leaf && answers->known[i].subleaf == subleaf)
            return &answers->known[i];
    return NULL;
}

static void ask_processor(struct cpuid_answers *answers, struct user_regs_struct *regs)
{
    uint32_t leaf = (uint32_t)regs->rax, subleaf = has_no_subleaves(leaf) ? 0 : (uint32_t)regs->rcx;
    const struct cpuid_answer *known = find_answer(answers, leaf, subleaf);
    struct cpuid_answer fresh = {.leaf = leaf, .subleaf = subleaf};
    if (!known) {
        __cpuid_count(leaf, subleaf, fresh.answer[EAX], fresh.answer[EBX], fresh.answer[ECX],
                      fresh.answer[EDX]);
        hide_features(leaf, subleaf, fresh.answer);
        known = &fresh;
        if (answers->count < ARRAY_LENGTH(answers->known))
            answers->known[answers->count++] = fresh;
    }
    regs->rax = known->answer[EAX];
    regs->rbx = known->answer[EBX];
    regs->rcx = known->answer[ECX];
    regs->rdx = known->answer[EDX];
}

#define FLAG_CARRY 0x001ull
#define FLAGS_OF_RESULT 0x8d5ull /* carry, parity, adjust, zero, sign, overflow */

static bool random_number(enum trace_instruction kind, uint64_t *ret)
{
    bool good;
    if (kind == INSTRUCTION_RDRAND)
        __asm__ volatile("rdrand %0" : "=r"(*ret), "=@ccc"(good));
    else
        __asm__ volatile("rdseed %0" : "=r"(*ret), "=@ccc"(good));
    return good;
}

static void take_random(const struct instruction *instruction, struct user_regs_struct *regs)
{
    unsigned long long *const registers[16] = {&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx,
                                               &regs->rsp, &regs->rbp, &regs->rsi, &regs->rdi,
                                               &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
                                               &regs->r12, &regs->r13, &regs->r14, &regs->r15};
    unsigned long long *to = registers[instruction->general];
    uint64_t number;
    regs->eflags &= ~FLAGS_OF_RESULT;
    if (random_number(instruction->kind, &number))
        regs->eflags |= FLAG_CARRY;
    else
        number = 0;
    if (instruction->width == 8)
        *to = number;
    else if (instruction->width == 4)
        *to = (uint32_t)number;
    else
        *to = (*to & ~0xffffull) | (number & 0xffff);
}

void instruction_execute(const struct instruction *instruction, struct cpuid_answers *answers,
                         struct user_regs_struct *regs)
{
    switch (instruction->kind) {
    case INSTRUCTION_RDTSC:
    case INSTRUCTION_RDTSCP:
        read_counter(instruction, regs);
        break;
    case INSTRUCTION_CPUID:
        ask_processor(answers, regs);
        break;
    case INSTRUCTION_RDRAND:
    case INSTRUCTION_RDSEED:
        take_random(instruction, regs);
        break;
    }
    regs->rip += instruction->length;
}
