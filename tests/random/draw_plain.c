/*
 * Plain instructions: random bytes, as far as the decoder and the rules below let them pass.
 */
#include <Zydis/Zydis.h>
#include <string.h>
#include <sys/auxv.h>

#include "tests/random/draw.h"

/* --- What the processor has ---------------------------------------------------------------- */

struct extension {
    const char *prefix; /* of the decoder's name for it */
    bool there;
};

static bool has_fsgsbase(void)
{
    return getauxval(AT_HWCAP2) & 2;
}

static const struct extension *extensions(size_t *count)
{
    static struct extension table[64];
    static size_t used;
    *count = used;
    if (used)
        return table;
    static const char *const always[] = {
        "I86",  "I186", "I286REAL", "I386",  "I486",    "I486REAL", "PENTIUMREAL",  "PENTIUMMMX",
        "PPRO", "CMOV", "FCMOV",    "SSE",   "SSE2",    "SSE2MMX",  "SSEMXCSR",     "SSE_PREFETCH",
        "X87",  "LAHF", "LONGMODE", "CLFSH", "FAT_NOP", "PAUSE",    "PREFETCH_NOP", "CMPXCHG16B"};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        table[used++] = (struct extension){always[i], true};
#define HAVE(name, feature)                                                                        \
    table[used++] = (struct extension){name, __builtin_cpu_supports(feature)}
    HAVE("SSE3", "sse3");
    HAVE("SSE3X87", "sse3");
    HAVE("SSSE3", "ssse3");
    HAVE("SSSE3MMX", "ssse3");
    HAVE("SSE4", "sse4.1");
    HAVE("SSE42", "sse4.2");
    HAVE("SSE4A", "sse4a");
    HAVE("POPCNT", "popcnt");
    HAVE("AES", "aes");
    HAVE("PCLMULQDQ", "pclmul");
    HAVE("AVX", "avx");
    HAVE("AVXAES", "avx");
    HAVE("AVX2", "avx2");
    HAVE("AVX2GATHER", "avx2");
    HAVE("FMA", "fma");
    HAVE("F16C", "f16c");
    HAVE("BMI1", "bmi");
    HAVE("BMI2", "bmi2");
    HAVE("LZCNT", "lzcnt");
    HAVE("MOVBE", "movbe");
    HAVE("ADOX_ADCX", "adx");
    HAVE("SHA", "sha");
    HAVE("VAES", "vaes");
    HAVE("VPCLMULQDQ", "vpclmulqdq");
    HAVE("GFNI", "gfni");
    HAVE("AVX512F_", "avx512f");
    HAVE("AVX512BW_", "avx512bw");
    HAVE("AVX512DQ_", "avx512dq");
    HAVE("AVX512CD_", "avx512cd");
    HAVE("AVX512_IFMA_", "avx512ifma");
    HAVE("AVX512_VBMI_", "avx512vbmi");
    HAVE("AVX512_VBMI2_", "avx512vbmi2");
    HAVE("AVX512_VNNI_", "avx512vnni");
    HAVE("AVX512_BITALG_", "avx512bitalg");
    HAVE("AVX512_VPOPCNTDQ_", "avx512vpopcntdq");
#undef HAVE
    table[used++] = (struct extension){"RDWRFSGS", has_fsgsbase()};
    *count = used;
    return table;
}

/* A name that ends with _ in the table is a prefix: AVX512F_256 needs the shorter vectors. */
static bool is_there(const ZydisDecodedInstruction *instruction)
{
    static int8_t known[ZYDIS_ISA_SET_MAX_VALUE + 1]; /* 1: there, -1: not */
    int8_t *answer = &known[instruction->meta.isa_set];
    if (*answer)
        return *answer > 0;
    size_t count;
    const struct extension *table = extensions(&count);
    const char *name = ZydisISASetGetString(instruction->meta.isa_set);
    *answer = -1;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(table[i].prefix);
        bool prefix = table[i].prefix[length - 1] == '_';
        if (prefix ? strncmp(name, table[i].prefix, length) : strcmp(name, table[i].prefix))
            continue;
        bool shorter = strstr(name, "_128") || strstr(name, "_256");
        if (table[i].there && (!prefix || !shorter || __builtin_cpu_supports("avx512vl")))
            *answer = 1;
    }
    return *answer > 0;
}

/* --- What may be drawn ---------------------------------------------------------------------- */

static bool has_good_category(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_IO:
    case ZYDIS_CATEGORY_IOSTRINGOP:
    case ZYDIS_CATEGORY_SEGOP:
    case ZYDIS_CATEGORY_STRINGOP:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_SYSTEM:
        return false;
    default:
        return true;
    }
}

static bool has_good_mnemonic(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->mnemonic) {
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_ENTER:
    case ZYDIS_MNEMONIC_LEAVE:
    case ZYDIS_MNEMONIC_FNSAVE:
    case ZYDIS_MNEMONIC_FNSTENV:
    case ZYDIS_MNEMONIC_FRSTOR:
    case ZYDIS_MNEMONIC_FLDENV:
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_RDTSC:
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_WRFSBASE:
    case ZYDIS_MNEMONIC_WRGSBASE:
        return false;
    default:
        return true;
    }
}

static int general_number(ZydisRegister used)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, used);
    return whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15
               ? (int)(whole - ZYDIS_REGISTER_RAX)
               : -1;
}

#define RSP_NUMBER 4

static bool may_write(const struct draw *draw, const ZydisDecodedOperand *operand)
{
    int number = general_number(operand->reg.value);
    if (ZydisRegisterGetClass(operand->reg.value) == ZYDIS_REGCLASS_SEGMENT)
        return false;
    if (number == RSP_NUMBER) /* push and pop, but not mov */
        return operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
    return number < 0 || (number != draw->index && !((draw->pointers | draw->kept) >> number & 1));
}

/* A bit of memory by a number of 64 bits, or an element by one of 32, may be anywhere; and so,
 * where addresses are short, in the engine's memory, which no program has. */
static bool goes_far(const struct draw *draw, const ZydisDecodedInstruction *instruction,
                     const ZydisDecodedOperand *operands)
{
    if (instruction->address_width == 64 && draw->sequence->place != 0)
        return false;
    switch (instruction->mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS:
        return operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY && instruction->address_width == 32;
    default:
        return instruction->meta.category == ZYDIS_CATEGORY_AVX2GATHER ||
               instruction->meta.category == ZYDIS_CATEGORY_GATHER ||
               instruction->meta.category == ZYDIS_CATEGORY_SCATTER;
    }
}

#define NEAR_BYTES 8192

static bool is_within_reach(const struct draw *draw, const ZydisDecodedOperand *operand)
{
    ZydisRegister base = operand->mem.base, index = operand->mem.index;
    int number = base == ZYDIS_REGISTER_NONE ? -1 : general_number(base);
    bool vector = index != ZYDIS_REGISTER_NONE && general_number(index) < 0;
    if (operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
        return true;
    if (index != ZYDIS_REGISTER_NONE && !vector && general_number(index) != draw->index)
        return false;
    if (operand->mem.segment == ZYDIS_REGISTER_FS)
        return base == ZYDIS_REGISTER_NONE && !vector;
    if (base != ZYDIS_REGISTER_RIP && base != ZYDIS_REGISTER_NONE &&
        (operand->mem.disp.value > NEAR_BYTES || operand->mem.disp.value < -NEAR_BYTES))
        return false;
    if (base == ZYDIS_REGISTER_NONE)
        return !vector && draw->sequence->place == 0 && operand->mem.segment != ZYDIS_REGISTER_GS;
    if (base == ZYDIS_REGISTER_RIP || base == ZYDIS_REGISTER_EIP)
        return true;
    return number == RSP_NUMBER || (number >= 0 && draw->pointers >> number & 1);
}

static bool fits(const struct draw *draw, const ZydisDecodedInstruction *instruction,
                 const ZydisDecodedOperand *operands)
{
    if (!has_good_category(instruction) || !has_good_mnemonic(instruction) ||
        !is_there(instruction) || goes_far(draw, instruction, operands))
        return false;
    for (size_t i = 0; i < instruction->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
            operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE && !may_write(draw, operand))
            return false;
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && !is_within_reach(draw, operand))
            return false;
    }
    return true;
}

/* --- Bytes --------------------------------------------------------------------------------- */

/* An instruction in the making. */
struct form {
    uint8_t bytes[32];
    size_t size;
    uint8_t reg, index, base; /* of ModRM and SIB, 0 … 15 */
    uint8_t operand[8];       /* ModRM, SIB and displacement */
    size_t operand_size;
};

static void put(struct form *form, unsigned byte)
{
    form->bytes[form->size++] = (uint8_t)byte;
}

static void put_operand(struct form *form, const void *bytes, size_t size)
{
    memcpy(form->operand + form->operand_size, bytes, size);
    form->operand_size += size;
}

static uint8_t draw_pointer(struct draw *draw)
{
    if (chance_one_in(draw->chance, 5))
        return RSP_NUMBER;
    for (;;) {
        uint8_t number = (uint8_t)chance_below(draw->chance, 16);
        if (draw->pointers >> number & 1)
            return number;
    }
}

/* [base], [base + index * scale], with a displacement of 8 or 32 bits that stays in reach. */
static void draw_based(struct draw *draw, struct form *form)
{
    bool sib = chance_one_in(draw->chance, 3);
    int8_t near = (int8_t)(chance_below(draw->chance, 16) * 16 - 128);
    int32_t far = (int32_t)(chance_below(draw->chance, 64) * 32) - 1024;
    uint8_t mode = (uint8_t)(1 + chance_below(draw->chance, 2));
    form->base = draw_pointer(draw);
    form->index = sib && form->base != RSP_NUMBER ? (uint8_t)draw->index : RSP_NUMBER;
    sib = sib || (form->base & 7) == 4;
    if (chance_one_in(draw->chance, 3))
        near = (int8_t)chance_word(draw->chance);
    put_operand(
        form, &(uint8_t){(uint8_t)(mode << 6 | (form->reg & 7) << 3 | (sib ? 4 : form->base & 7))},
        1);
    if (sib)
        put_operand(form,
                    &(uint8_t){(uint8_t)(chance_below(draw->chance, 4) << 6 |
                                         (form->index & 7) << 3 | (form->base & 7))},
                    1);
    if (mode == 1)
        put_operand(form, &near, 1);
    else
        put_operand(form, &far, 4);
}

static void draw_operand(struct draw *draw, struct form *form)
{
    uint32_t kind = chance_below(draw->chance, 16);
    form->reg = (uint8_t)chance_below(draw->chance, 16);
    form->base = (uint8_t)chance_below(draw->chance, 16);
    form->index = 0;
    form->operand_size = 0;
    if (kind < 7) { /* a register */
        put_operand(form, &(uint8_t){(uint8_t)(0xc0 | (form->reg & 7) << 3 | (form->base & 7))}, 1);
    } else if (kind < 11) { /* relative to rip; where to is filled in later */
        put_operand(form, &(uint8_t){(uint8_t)((form->reg & 7) << 3 | 5)}, 1);
        put_operand(form, &(uint32_t){0}, 4);
        form->base = 0;
    } else if (kind == 11) { /* absolute: of fs, or of data in the low place */
        uint32_t data = 64 * chance_below(draw->chance, 64);
        put_operand(form, (uint8_t[]){(uint8_t)((form->reg & 7) << 3 | 4), 0x25}, 2);
        if (chance_one_in(draw->chance, 2))
            form->bytes[form->size++] = 0x64;
        else
            data += (uint32_t)places[0].data;
        put_operand(form, &data, 4);
        form->base = 0;
    } else {
        draw_based(draw, form);
    }
}

static void put_legacy(struct draw *draw, struct form *form)
{
    struct chance *chance = draw->chance;
    static const uint8_t prefixes[] = {0x66, 0x66, 0x66, 0xf2, 0xf3, 0x65, 0x67, 0xf0,
                                       0x3e, 0x66, 0xf2, 0xf3, 0x66, 0xf0, 0x2e, 0x36};
    for (uint32_t i = chance_below(chance, 6); i >= 3; i--)
        put(form, prefixes[chance_below(chance, sizeof(prefixes))]);
    unsigned rex = (unsigned)((form->reg >> 3) << 2 | (form->index >> 3) << 1 | form->base >> 3);
    if (chance_one_in(chance, 2))
        rex |= 0x48;
    if (rex || chance_one_in(chance, 4))
        put(form, 0x40 | rex);
    switch (chance_below(chance, 8)) {
    case 0:
        put(form, 0x0f);
        put(form, chance_one_in(chance, 2) ? 0x38 : 0x3a);
        break;
    case 1:
    case 2:
    case 3:
        put(form, 0x0f);
        break;
    case 4:
        put(form, 0xd8 + chance_below(chance, 8)); /* x87: ModRM is the opcode */
        return;
    }
    put(form, chance_below(chance, 256));
}

static void put_vex(struct draw *draw, struct form *form)
{
    struct chance *chance = draw->chance;
    unsigned map = 1 + chance_below(chance, 3);
    unsigned r = (~form->reg >> 3 & 1) << 7, x = (~form->index >> 3 & 1) << 6,
             b = (~form->base >> 3 & 1) << 5;
    unsigned vvvv = chance_one_in(chance, 3) ? 15 : chance_below(chance, 16);
    unsigned rest = vvvv << 3 | chance_below(chance, 8);
    if (x && b && map == 1 && chance_one_in(chance, 2)) {
        put(form, 0xc5);
        put(form, r | rest);
    } else {
        put(form, 0xc4);
        put(form, r | x | b | map);
        put(form, chance_below(chance, 2) << 7 | rest);
    }
    put(form, chance_below(chance, 256));
}

static void put_evex(struct draw *draw, struct form *form)
{
    struct chance *chance = draw->chance;
    unsigned r = (~form->reg >> 3 & 1) << 7, x = (~form->index >> 3 & 1) << 6,
             b = (~form->base >> 3 & 1) << 5;
    put(form, 0x62);
    put(form, r | x | b | chance_below(chance, 2) << 4 | (1 + chance_below(chance, 3)));
    put(form, chance_below(chance, 2) << 7 |
                  (chance_one_in(chance, 3) ? 15 : chance_below(chance, 16)) << 3 | 4 |
                  chance_below(chance, 4));
    put(form, chance_below(chance, 256));
    put(form, chance_below(chance, 256));
}

static void draw_form(struct draw *draw, struct form *form)
{
    uint32_t kind = chance_below(draw->chance, 16);
    form->size = 0;
    draw_operand(draw, form);
    if (kind < 4 && __builtin_cpu_supports("avx"))
        put_vex(draw, form);
    else if (kind < 7 && __builtin_cpu_supports("avx512f"))
        put_evex(draw, form);
    else
        put_legacy(draw, form);
    memcpy(form->bytes + form->size, form->operand, form->operand_size);
    form->size += form->operand_size;
    uint64_t immediate = chance_word(draw->chance);
    memcpy(form->bytes + form->size, &immediate, 8);
    form->size += 8;
}

/* --- Items --------------------------------------------------------------------------------- */

static uint8_t drawn[ZYDIS_MNEMONIC_MAX_VALUE + 1];

size_t draw_mnemonics(void)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(drawn); i++)
        count += drawn[i];
    return count;
}

static bool is_relative(const ZydisDecodedInstruction *instruction,
                        const ZydisDecodedOperand *operands)
{
    for (size_t i = 0; i < instruction->operand_count; i++)
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            (operands[i].mem.base == ZYDIS_REGISTER_RIP ||
             operands[i].mem.base == ZYDIS_REGISTER_EIP))
            return true;
    return false;
}

static uint16_t draw_data(struct draw *draw)
{
    uint32_t at = 64 * chance_below(draw->chance, DATA_BYTES / 64 - 1);
    return (uint16_t)(chance_one_in(draw->chance, 3) ? at + chance_below(draw->chance, 64) : at);
}

void draw_plain(struct draw *draw)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    struct form form;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    do {
        draw_form(draw, &form);
    } while (!ZYAN_SUCCESS(
                 ZydisDecoderDecodeFull(&decoder, form.bytes, INSN_MAX, &instruction, operands)) ||
             !fits(draw, &instruction, operands));
    drawn[instruction.mnemonic] = 1;
    struct item *item = draw_item(draw, form.bytes, instruction.length);
    if (!is_relative(&instruction, operands))
        return;
    item->reference = REFERS_TO_DATA;
    item->at = instruction.raw.disp.offset;
    item->width = 4;
    item->to = draw_data(draw);
}
