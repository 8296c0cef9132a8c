/*
 * Scenes: instructions that need others before them, or that lead elsewhere.
 */
#include <string.h>

#include "tests/random/draw.h"

#define ITEM(draw, ...)                                                                            \
    draw_item((draw), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

#define FUNCTION_POINTERS (POINTERS / 2) /* entries from here on are functions, others items */

struct item *draw_item(struct draw *draw, const uint8_t *bytes, size_t size)
{
    struct sequence *sequence = draw->sequence;
    struct item *item =
        sequence->count < ITEMS_MAX ? &sequence->items[sequence->count++] : &draw->spare;
    *item = (struct item){.length = (uint8_t)size, .glued = draw->gluing};
    memcpy(item->bytes, bytes, size);
    return item;
}

void draw_register_pointers(struct user_regs_struct *regs, unsigned long long *ret[16])
{
    unsigned long long *const pointers[16] = {&regs->rax, &regs->rcx, &regs->rdx, &regs->rbx,
                                              &regs->rsp, &regs->rbp, &regs->rsi, &regs->rdi,
                                              &regs->r8,  &regs->r9,  &regs->r10, &regs->r11,
                                              &regs->r12, &regs->r13, &regs->r14, &regs->r15};
    memcpy(ret, pointers, sizeof(pointers));
}

/* rcx stays free, for loops and shifts. */
void draw_registers(struct draw *draw)
{
    int count = 2 + (int)chance_below(draw->chance, 4);
    draw->pointers = 0;
    draw->index = -1;
    while (count >= 0) {
        int number = (int)chance_below(draw->chance, 16);
        if (number == RCX || number == RSP || draw->pointers >> number & 1)
            continue;
        if (count-- == 0)
            draw->index = (int8_t)number;
        else
            draw->pointers |= (uint16_t)(1u << number);
    }
}

static bool is_free(const struct draw *draw, int number)
{
    return number != RSP && number != draw->index && !((draw->pointers | draw->kept) >> number & 1);
}

static uint8_t free_register(struct draw *draw)
{
    for (;;) {
        int number = (int)chance_below(draw->chance, 16);
        if (is_free(draw, number))
            return (uint8_t)number;
    }
}

static void refer(struct item *item, enum reference reference, size_t to, int at, int width)
{
    item->reference = (uint8_t)reference;
    item->to = (uint16_t)to;
    item->at = (uint8_t)at;
    item->width = (uint8_t)width;
}

/* lea register, [rip + …] */
static void draw_address(struct draw *draw, uint8_t number, enum reference reference, size_t to)
{
    struct item *item = ITEM(draw, (uint8_t)(0x48 | number >> 3 << 2), 0x8d,
                             (uint8_t)((number & 7) << 3 | 5), 0, 0, 0, 0);
    refer(item, reference, to, 3, 4);
}

/* mov r32, constant */
static void draw_constant(struct draw *draw, uint8_t number, uint32_t value)
{
    ITEM(draw, (uint8_t)(0x40 | number >> 3), (uint8_t)(0xb8 | (number & 7)), (uint8_t)value,
         (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24));
}

/* --- Branches ------------------------------------------------------------------------------ */

/* The bytes with, now and then, a prefix that changes nothing; returns how many there are. */
static int maybe_prefixed(struct draw *draw, uint8_t bytes[INSN_MAX], const uint8_t *plain,
                          int size)
{
    static const uint8_t prefixes[] = {0x2e, 0x3e, 0xf2};
    int at = 0;
    if (chance_one_in(draw->chance, 8))
        bytes[at++] = prefixes[chance_below(draw->chance, sizeof(prefixes))];
    memcpy(bytes + at, plain, (size_t)size);
    return at + size;
}

/* A jump, conditional or not, in its short or its long form. */
static void draw_jump_to(struct draw *draw, size_t to, bool conditional, bool near)
{
    uint8_t bytes[INSN_MAX], condition = (uint8_t)chance_below(draw->chance, 16);
    const uint8_t jump_near[] = {0xeb, 0}, jump_far[] = {0xe9, 0, 0, 0, 0};
    const uint8_t branch_near[] = {(uint8_t)(0x70 | condition), 0};
    const uint8_t branch_far[] = {0x0f, (uint8_t)(0x80 | condition), 0, 0, 0, 0};
    int size = conditional ? maybe_prefixed(draw, bytes, near ? branch_near : branch_far,
                                            near ? sizeof(branch_near) : sizeof(branch_far))
                           : maybe_prefixed(draw, bytes, near ? jump_near : jump_far,
                                            near ? sizeof(jump_near) : sizeof(jump_far));
    struct item *item = draw_item(draw, bytes, (size_t)size);
    refer(item, REFERS_TO_ITEM, to, size - (near ? 1 : 4), near ? 1 : 4);
}

#define NEAR_ITEMS 7 /* that a short branch passes over at most */

static void draw_branch(struct draw *draw)
{
    size_t here = draw->sequence->count;
    size_t back = 1 + chance_below(draw->chance, NEAR_ITEMS);
    bool near = chance_one_in(draw->chance, 2);
    bool conditional = !chance_one_in(draw->chance, 6);
    if (chance_one_in(draw->chance, 12))
        draw_jump_to(draw, here > back ? here - back : 0, conditional, near);
    else
        draw_jump_to(draw, here + 1 + chance_below(draw->chance, 5), conditional, near);
}

static void draw_count_branch(struct draw *draw)
{
    size_t here = draw->sequence->count;
    uint8_t bytes[INSN_MAX];
    int at = 0;
    if (chance_one_in(draw->chance, 6))
        bytes[at++] = 0x67;
    bytes[at++] = (uint8_t)(0xe0 + chance_below(draw->chance, 4));
    bytes[at++] = 0;
    refer(draw_item(draw, bytes, (size_t)at), REFERS_TO_ITEM,
          here + 1 + chance_below(draw->chance, 4), at - 1, 1);
}

/* A loop that counts in rcx. */
static void draw_loop(struct draw *draw)
{
    uint16_t kept = draw->kept;
    draw_constant(draw, RCX, 1 + chance_below(draw->chance, 5));
    size_t start = draw->sequence->count;
    draw->kept |= 1u << RCX;
    for (uint32_t i = 1 + chance_below(draw->chance, 3); i; i--)
        draw_plain(draw);
    draw->kept = kept;
    if (chance_one_in(draw->chance, 3)) {
        ITEM(draw, 0xff, 0xc9); /* dec ecx */
        struct item *item = ITEM(draw, 0x75, 0);
        refer(item, REFERS_TO_ITEM, start, 1, 1);
        return;
    }
    struct item *item = ITEM(draw, (uint8_t)(0xe0 + chance_below(draw->chance, 3)), 0);
    refer(item, REFERS_TO_ITEM, start, 1, 1);
}

/* --- Calls, returns, and jumps through registers and memory ---------------------------------- */

static void draw_call(struct draw *draw)
{
    static const uint8_t forms[][4] = {
        {0}, {0}, {0}, {1, 0xf2}, {2, 0x66, 0x48}, {1, 0x48}, {3, 0x66, 0x66, 0x48}, {1, 0x66}};
    const uint8_t *prefix = forms[chance_below(draw->chance, 8)];
    uint8_t bytes[INSN_MAX] = {0};
    size_t size = prefix[0];
    memcpy(bytes, prefix + 1, size);
    bytes[size++] = 0xe8;
    refer(draw_item(draw, bytes, size + 4), REFERS_TO_FUNCTION,
          chance_below(draw->chance, FUNCTIONS_MAX), (int)size, 4);
}

#define CALLS 2 /* in ModRM's middle: call r/m, */
#define JUMPS 4 /* jmp r/m */

/* An entry of the table of code pointers that suits. */
static size_t pointer_for(struct draw *draw, uint8_t operation)
{
    size_t entry = chance_below(draw->chance, FUNCTION_POINTERS);
    return operation == CALLS ? entry + FUNCTION_POINTERS : entry;
}

static void through_register(struct draw *draw, uint8_t operation)
{
    uint8_t number = free_register(draw);
    size_t here = draw->sequence->count;
    if (operation == CALLS)
        draw_address(draw, number, REFERS_TO_FUNCTION, chance_below(draw->chance, FUNCTIONS_MAX));
    else
        draw_address(draw, number, REFERS_TO_ITEM, here + 2 + chance_below(draw->chance, 4));
    if (chance_one_in(draw->chance, 2))
        draw_plain(draw);
    if (chance_one_in(draw->chance, 8))
        ITEM(draw, 0x3e, (uint8_t)(0x40 | number >> 3), 0xff,
             (uint8_t)(0xc0 | operation << 3 | (number & 7)));
    else
        ITEM(draw, (uint8_t)(0x40 | number >> 3), 0xff,
             (uint8_t)(0xc0 | operation << 3 | (number & 7)));
}

static void through_relative(struct draw *draw, uint8_t operation)
{
    uint8_t bytes[INSN_MAX];
    const uint8_t plain[] = {0xff, (uint8_t)(operation << 3 | 5), 0, 0, 0, 0};
    int size = maybe_prefixed(draw, bytes, plain, sizeof(plain));
    refer(draw_item(draw, bytes, (size_t)size), REFERS_TO_POINTER, pointer_for(draw, operation),
          size - 4, 4);
}

/* [base + index * 8] */
static void through_table(struct draw *draw, uint8_t operation)
{
    uint16_t kept = draw->kept;
    uint8_t base = free_register(draw);
    draw->kept |= (uint16_t)(1u << base);
    uint8_t index = free_register(draw);
    draw->kept = kept;
    draw_address(draw, base, REFERS_TO_POINTER, operation == CALLS ? FUNCTION_POINTERS : 0);
    draw_constant(draw, index, chance_below(draw->chance, FUNCTION_POINTERS));
    ITEM(draw, (uint8_t)(0x40 | index >> 3 << 1 | base >> 3), 0xff,
         (uint8_t)(0x40 | operation << 3 | 4), (uint8_t)(0xc0 | (index & 7) << 3 | (base & 7)), 0);
}

static void push_pointer(struct draw *draw, uint8_t operation)
{
    struct item *item = ITEM(draw, 0xff, 0x35, 0, 0, 0, 0);
    refer(item, REFERS_TO_POINTER, pointer_for(draw, operation), 2, 4);
}

static void through_stack(struct draw *draw, uint8_t operation)
{
    push_pointer(draw, operation);
    ITEM(draw, 0xff, (uint8_t)(operation << 3 | 4), 0x24);
}

/* A return to where no call came from. */
static void draw_odd_return(struct draw *draw)
{
    push_pointer(draw, JUMPS);
    if (chance_one_in(draw->chance, 2))
        ITEM(draw, 0xc3);
    else
        ITEM(draw, 0xc2, (uint8_t)(8 * chance_below(draw->chance, 4)), 0);
}

static void draw_indirect(struct draw *draw)
{
    static void (*const ways[])(struct draw *, uint8_t) = {through_register, through_relative,
                                                           through_table, through_stack};
    ways[chance_below(draw->chance, 4)](draw, chance_one_in(draw->chance, 3) ? JUMPS : CALLS);
}

/* --- Strings, divisions, flags, frames, segments ---------------------------------------------- */

static void draw_string(struct draw *draw)
{
    static const uint8_t opcodes[] = {0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
    uint8_t bytes[INSN_MAX];
    size_t size = 0;
    bool far = chance_one_in(draw->chance, 16); /* off the end of the data */
    if ((draw->kept | 1u << draw->index) & (1u << RCX | 1u << RSI | 1u << RDI))
        return;
    draw_constant(draw, RCX, far ? 6000 : chance_below(draw->chance, 40));
    draw->gluing = true;
    for (uint8_t number = RSI; number <= RDI; number++)
        draw_address(draw, number, REFERS_TO_DATA, 2048 + chance_below(draw->chance, 4096));
    if (chance_one_in(draw->chance, 4))
        ITEM(draw, 0xfd); /* std */
    if (chance_one_in(draw->chance, 4))
        bytes[size++] = 0x66;
    if (chance_one_in(draw->chance, 12) && draw->sequence->place == 0)
        bytes[size++] = 0x67;
    if (!chance_one_in(draw->chance, 3))
        bytes[size++] = (uint8_t)(0xf2 + chance_below(draw->chance, 2));
    if (chance_one_in(draw->chance, 3))
        bytes[size++] = 0x48;
    bytes[size++] = opcodes[chance_below(draw->chance, sizeof(opcodes))];
    draw_item(draw, bytes, size);
    draw->gluing = false;
    if (!chance_one_in(draw->chance, 4))
        ITEM(draw, 0xfc); /* cld */
}

static void draw_division(struct draw *draw)
{
    uint8_t wide = chance_one_in(draw->chance, 2) ? 0x48 : 0x40;
    uint8_t operation = (uint8_t)(6 + chance_below(draw->chance, 2)); /* div, idiv */
    if (!is_free(draw, RAX) || !is_free(draw, RDX))
        return;
    if (operation == 7)
        ITEM(draw, wide, 0x99); /* cqo or cdq */
    else
        ITEM(draw, 0x31, 0xd2); /* xor edx, edx */
    if (chance_one_in(draw->chance, 2)) {
        ITEM(draw, wide, 0x83, 0xc9, 0x01); /* or rcx, 1 */
        ITEM(draw, wide, 0xf7, (uint8_t)(0xc1 | operation << 3));
    } else {
        struct item *item = ITEM(draw, wide, 0xf7, (uint8_t)(operation << 3 | 5), 0, 0, 0, 0);
        refer(item, REFERS_TO_DATA, 8 * chance_below(draw->chance, DATA_BYTES / 8), 3, 4);
    }
}

#define FLAG_DIRECTION 0x400u
#define FLAG_TRAP 0x100u
#define FLAG_ALIGNMENT 0x40000u

/* push constant; popf: one item, or a branch in between would pop anything. */
static void draw_flags(struct draw *draw)
{
    uint32_t flags = 2 | (chance_below(draw->chance, 0x1000) & 0x8d5);
    bool short_form = chance_one_in(draw->chance, 5);
    flags |= chance_one_in(draw->chance, 4) ? FLAG_DIRECTION : 0;
    flags |= chance_one_in(draw->chance, 16) ? FLAG_ALIGNMENT : 0;
    flags |= chance_one_in(draw->chance, 16) ? FLAG_TRAP : 0;
    if (short_form)
        ITEM(draw, 0x66, 0x68, (uint8_t)flags, (uint8_t)(flags >> 8), 0x66, 0x9d);
    else
        ITEM(draw, 0x68, (uint8_t)flags, (uint8_t)(flags >> 8), (uint8_t)(flags >> 16), 0, 0x9d);
}

static void draw_frame(struct draw *draw)
{
    if (!is_free(draw, RBP) && !(draw->pointers >> RBP & 1))
        return;
    uint16_t kept = draw->kept;
    ITEM(draw, 0xc8, (uint8_t)(8 * chance_below(draw->chance, 8)), 0,
         (uint8_t)chance_below(draw->chance, 3));
    draw->kept |= 1u << RBP;
    draw->gluing = true;
    for (uint32_t i = chance_below(draw->chance, 3); i; i--)
        draw_plain(draw);
    draw->kept = kept;
    ITEM(draw, 0xc9);
    draw->gluing = false;
}

static void draw_segment(struct draw *draw)
{
    uint8_t number = free_register(draw);
    uint8_t segment = chance_one_in(draw->chance, 2) ? 3 : 0; /* ds, es */
    if (chance_one_in(draw->chance, 2))
        draw_constant(draw, number, chance_one_in(draw->chance, 4) ? 0x1234 : 0);
    else
        ITEM(draw, (uint8_t)(0x40 | number >> 3), 0x8c, (uint8_t)(0xd0 | (number & 7)));
    draw->gluing = true; /* ptrace does not take every selector that the processor takes */
    ITEM(draw, (uint8_t)(0x40 | number >> 3), 0x8e, (uint8_t)(0xc0 | segment << 3 | (number & 7)));
    draw->gluing = false;
}

/* --- Faults -------------------------------------------------------------------------------- */

static void draw_trap(struct draw *draw)
{
    static const uint8_t traps[][8] = {
        {2, 0x0f, 0x0b},                         /* ud2 */
        {1, 0xcc},                               /* int3 */
        {1, 0xf1},                               /* int1 */
        {1, 0xf4},                               /* hlt */
        {1, 0xfa},                               /* cli */
        {1, 0xec},                               /* in */
        {2, 0xcd, 0x03},                         /* int 3 */
        {2, 0xcd, 0x21},                         /* int 0x21 */
        {2, 0xcd, 0x80},                         /* int 0x80: a call, answered with ENOSYS */
        {1, 0x06},                               /* no instruction */
        {3, 0xf0, 0x01, 0xc0},                   /* lock add eax, eax */
        {3, 0x0f, 0x01, 0xd0},                   /* xgetbv: of rcx, mostly #GP … */
        {5, 0xe8, 0x00, 0x00, 0x00, 0x70},       /* call to nowhere */
        {5, 0xe9, 0x00, 0x00, 0x00, 0x90},       /* jump to nowhere */
        {3, 0x0f, 0x0d, 0x08},                   /* prefetchw: none, whatever the address */
        {7, 0xc4, 0xe2, 0x79, 0xff, 0, 0, 0},    /* no VEX instruction */
        {6, 0x62, 0xf1, 0xff, 0x08, 0xff, 0xc0}, /* no EVEX instruction */
    };
    const uint8_t *trap = traps[chance_below(draw->chance, sizeof(traps) / sizeof(traps[0]))];
    if (trap[1] == 0x0f && trap[2] == 0x01)
        draw_constant(draw, RCX, 7); /* … now always */
    draw_item(draw, trap + 1, trap[0]);
}

/* mov register, 64-bit constant: an address that is mapped nowhere, or that cannot be one. */
static uint8_t draw_wild_address(struct draw *draw)
{
    uint8_t number = free_register(draw);
    uint8_t high = chance_one_in(draw->chance, 2) ? 0 : 0x5b;
    ITEM(draw, (uint8_t)(0x48 | number >> 3), (uint8_t)(0xb8 | (number & 7)), 0x10, 0x32, 0x54,
         0x76, 0x10, 0, high, high);
    return number;
}

static void draw_wild(struct draw *draw)
{
    uint8_t number;
    switch (chance_below(draw->chance, 5)) {
    case 0: /* a load, or a store */
        number = draw_wild_address(draw);
        ITEM(draw, (uint8_t)(0x48 | number >> 3), chance_one_in(draw->chance, 2) ? 0x8b : 0x01,
             (uint8_t)(0x80 | (number & 7)), 0, 0, 0, 0);
        return;
    case 1:
        number = draw_wild_address(draw);
        ITEM(
            draw, (uint8_t)(0x40 | number >> 3), 0xff,
            (uint8_t)(0xc0 | (chance_one_in(draw->chance, 2) ? CALLS : JUMPS) << 3 | (number & 7)));
        return;
    case 2: /* data is no code */
        number = free_register(draw);
        draw_address(draw, number, REFERS_TO_DATA, 64);
        ITEM(draw, (uint8_t)(0x40 | number >> 3), 0xff, (uint8_t)(0xe0 | (number & 7)));
        return;
    case 3: /* a stack that is none */
        ITEM(draw, 0x48, 0xc7, 0xc4, 0, 0x10, 0, 0);
        if (chance_one_in(draw->chance, 3))
            ITEM(draw, 0xc3);
        else if (chance_one_in(draw->chance, 2))
            ITEM(draw, 0x50);
        else
            draw_call(draw);
        return;
    default: /* by zero */
        ITEM(draw, 0x31, 0xc9);
        ITEM(draw, 0xf7, 0xf1);
        return;
    }
}

/* --- The whole ----------------------------------------------------------------------------- */

static void draw_something(struct draw *draw)
{
    switch (chance_below(draw->chance, 48)) {
    case 0:
    case 1:
    case 2:
    case 3:
        draw_branch(draw);
        return;
    case 4:
        draw_count_branch(draw);
        return;
    case 5:
        draw_loop(draw);
        return;
    case 6:
    case 7:
        draw_call(draw);
        return;
    case 8:
    case 9:
        draw_indirect(draw);
        return;
    case 10:
        draw_odd_return(draw);
        return;
    case 11:
    case 12:
        draw_string(draw);
        return;
    case 13:
        draw_division(draw);
        return;
    case 14:
        draw_flags(draw);
        return;
    case 15:
        draw_frame(draw);
        return;
    case 16:
        if (chance_one_in(draw->chance, 3))
            draw_segment(draw);
        else if (chance_one_in(draw->chance, 2))
            draw_trap(draw);
        else
            draw_wild(draw);
        return;
    default:
        draw_plain(draw);
    }
}

static void draw_function(struct draw *draw)
{
    for (uint32_t i = 1 + chance_below(draw->chance, 3); i; i--) {
        if (chance_one_in(draw->chance, 8))
            draw_branch(draw);
        else
            draw_plain(draw);
    }
    switch (chance_below(draw->chance, 8)) {
    case 0:
        ITEM(draw, 0xc2, (uint8_t)(8 * chance_below(draw->chance, 6)), 0);
        return;
    case 1:
        ITEM(draw, 0xf3, 0xc3);
        return;
    case 2:
        if (chance_one_in(draw->chance, 4))
            ITEM(draw, 0x66, 0xc3);
        else
            ITEM(draw, 0xf2, 0xc3);
        return;
    default:
        ITEM(draw, 0xc3);
    }
}

/* Branches end in what is there; those before the end do not pass over it. */
static uint16_t target_of(const struct sequence *sequence, size_t from, size_t to, size_t end)
{
    size_t last = from <= end ? end : sequence->count - 1;
    while (to < last && sequence->items[to].glued)
        to++;
    return (uint16_t)(to < last ? to : last);
}

static void resolve(struct sequence *sequence, size_t end, const size_t *functions)
{
    for (size_t i = 0; i < sequence->count; i++) {
        struct item *item = &sequence->items[i];
        if (item->reference == REFERS_TO_FUNCTION) {
            item->reference = REFERS_TO_ITEM;
            item->to = (uint16_t)functions[item->to];
        } else if (item->reference == REFERS_TO_ITEM) {
            item->to = target_of(sequence, i, item->to, end);
        }
    }
}

/* Functions are in the table's second half. */
static void draw_pointers(struct draw *draw, size_t end, const size_t *functions)
{
    struct sequence *sequence = draw->sequence;
    for (size_t i = 0; i < POINTERS; i++) {
        size_t item = chance_below(draw->chance, (uint32_t)end + 1);
        size_t function = functions[chance_below(draw->chance, FUNCTIONS_MAX)];
        sequence->pointers[i] =
            i < FUNCTION_POINTERS ? target_of(sequence, 0, item, end) : (uint16_t)function;
    }
}

void draw_code(struct draw *draw)
{
    struct sequence *sequence = draw->sequence;
    size_t functions[FUNCTIONS_MAX], end, length = 6 + chance_below(draw->chance, 16);
    while (sequence->count < length)
        draw_something(draw);
    end = sequence->count;
    ITEM(draw, 0x0f, 0x05);
    for (size_t i = 0; i < FUNCTIONS_MAX; i++) {
        functions[i] = sequence->count;
        draw_function(draw);
    }
    resolve(sequence, end, functions);
    draw_pointers(draw, end, functions);
}
