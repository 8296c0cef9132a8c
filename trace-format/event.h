/*
 * Events: what a trace says, as structs.
 *
 * A *stream* is the life of one address space and the tasks in it. Its events are numbered from 0;
 * event 0 is START. Between two events only the task of the later one runs. An event carries that
 * task's registers on arrival
 * (`before`, compared in replay), the registers it goes on with (`after`), and *effects*: what else
 * the kernel changed, to be applied in their order.
 *
 * `tick` orders the events of all streams: the recorder counts it up by one an event.
 *
 * The structs only borrow what they point to. From a reader they live until the cursor moves; for a
 * writer they need to live until trace_writer_event() returns. FORMAT.md has the encoding.
 */
#ifndef REEL_TRACE_FORMAT_EVENT_H
#define REEL_TRACE_FORMAT_EVENT_H

#include "engine/base/types.h"

/* The general registers, in the order and with the meaning of the kernel's struct user_regs_struct
 * (asm/user_64.h). */
#define TRACE_REGS 27
struct trace_regs {
    uint64_t value[TRACE_REGS];
};

/* Names, in the same order: "r15" … "gs". */
extern const char *const trace_reg_names[TRACE_REGS];

enum trace_reg {
    TRACE_R15,
    TRACE_R14,
    TRACE_R13,
    TRACE_R12,
    TRACE_RBP,
    TRACE_RBX,
    TRACE_R11,
    TRACE_R10,
    TRACE_R9,
    TRACE_R8,
    TRACE_RAX,
    TRACE_RCX,
    TRACE_RDX,
    TRACE_RSI,
    TRACE_RDI,
    TRACE_ORIG_RAX,
    TRACE_RIP,
    TRACE_CS,
    TRACE_EFLAGS,
    TRACE_RSP,
    TRACE_SS,
    TRACE_FS_BASE,
    TRACE_GS_BASE,
    TRACE_DS,
    TRACE_ES,
    TRACE_FS,
    TRACE_GS,
};

enum event_reach { REACH_NOTHING = 0, REACH_CALL = 1, REACH_TRAP = 2, REACH_POINT = 3 };

enum event_kind {
#define EVENT(symbol, number, name, reach) EVENT_##symbol = number,
#include "trace-format/event.def"
#undef EVENT
};

enum effect_kind {
#define EFFECT(symbol, number, name, range) EFFECT_##symbol = number,
#include "trace-format/effect.def"
#undef EFFECT
};

/* The number of the instruction that an INSTRUCTION event answers. */
enum trace_instruction {
#define INSTRUCTION(symbol, number, name) INSTRUCTION_##symbol = number,
#include "trace-format/instruction.def"
#undef INSTRUCTION
};

/* What stands in place of a patched instruction's first byte: hlt, which is not for user space and
 * raises SIGSEGV there. */
#define PATCH_BYTE 0xf4

/* "unknown" for a number that is no kind. */
const char *event_kind_name(enum event_kind kind);
const char *effect_kind_name(enum effect_kind kind);
const char *instruction_name(enum trace_instruction instruction);

/* The name of a file's contents in the store: 32 lower-case hexadecimal digits of XXH3-128, or ""
 * for none. */
struct store_name {
    char hex[33];
};

enum map_flags {
    MAP_EFFECT_SHARED = 1, /* the program asked for MAP_SHARED */
    MAP_EFFECT_STACK = 2,  /* grows down (MAP_GROWSDOWN), from [address, address + length) */
    MAP_EFFECT_NORESERVE = 4,
};

struct effect {
    enum effect_kind kind;
    taddr address;   /* kinds with a range (effect.def). REMAP: the new address */
    uint64_t length; /* in bytes; MEMORY, XSAVE: of `bytes`. REMAP: the new length */
    union {
        const uint8_t *bytes; /* MEMORY, XSAVE */
        struct {
            uint32_t protection;        /* PROT_* */
            uint32_t flags;             /* enum map_flags */
            struct store_name contents; /* the file's contents, or "": anonymous, zero */
            uint64_t offset;  /* in the file or object, bytes, a multiple of the page size */
            uint64_t object;  /* shared memory of this stream with that number, made by a RESIZE
                               * before; all its mappings are the same memory. 0: none */
            const char *path; /* for people and debuggers; "" for none */
        } map;
        struct {
            uint32_t protection;
        } protect;
        struct {
            taddr old_address;
            uint64_t old_length;
            uint32_t flags; /* MREMAP_DONTUNMAP or 0 */
        } remap;
        struct {
            uint32_t advice; /* MADV_* */
        } advise;
        struct {
            uint64_t object; /* not 0 */
            uint64_t size;   /* bytes; behind its last page, memory cannot be accessed (SIGBUS) */
        } resize;
        struct {
            uint64_t bytes; /* UINT64_MAX: none */
        } stack_limit;
        struct {
            uint32_t tid; /* of the new task */
            uint32_t pid; /* its thread group: differs from the creator's for vfork children */
            struct trace_regs regs; /* its vector state is its creator's at the event */
        } task;
        struct {
            uint32_t stream; /* of the new stream, whose START names this event */
        } fork;
        struct {
            uint32_t descriptor; /* 1 or 2 */
        } output;
        struct {
            uint64_t hash; /* XXH3-64; unmapped bytes count as zero */
        } check;           /* CHECK, STATE */
        struct {
            uint64_t value; /* of the 8 bytes */
        } word;
        struct {
            uint8_t original; /* the instruction's first byte; its length is the effect's */
        } patch;
        struct {
            taddr stub; /* where its stub is. The syscall is right behind the range */
        } site;
    };
};

enum exit_flags {
    EXIT_LAST_OF_PROCESS = 1, /* no other task of its process lives: `status` is the process's */
};

/* Where a stream comes from; only in START. */
struct stream_origin {
    uint32_t pid, parent_pid; /* of the first task's process, and of that one's parent */
    bool forked; /* a copy of `parent_stream` after its event `parent_event`; else a keyframe */
    uint32_t parent_stream;
    uint64_t parent_event;
    const char *executable;       /* absolute path; of a forked stream, its parent's */
    const char *const *arguments; /* NULL-terminated; empty for a forked stream */
};

struct event {
    enum event_kind kind;
    enum event_reach reach;
    uint64_t number; /* in its stream. The writer assigns number and tick */
    uint64_t tick;
    uint32_t tid;
    struct trace_regs before; /* all but START, EXIT. CALL_FAST: those of event_has_register() */
    struct trace_regs after;  /* all but CALL_ENTER, EXEC, EXIT. CALL_FAST: likewise */

    uint32_t signal;        /* SIGNAL: its number */
    const uint8_t *siginfo; /* SIGNAL: SIGINFO_BYTES of the kernel's siginfo_t, or NULL */
    bool fatal;          /* SIGNAL: no handler; the process died of it. `after` repeats `before` */
    uint32_t status;     /* EXIT: as wait(2) gives it */
    uint32_t exit_flags; /* EXIT: enum exit_flags */
    enum trace_instruction instruction; /* INSTRUCTION */
    uint32_t next_stream;               /* EXEC: the stream that the new image has */
    uint64_t nanoseconds;               /* POINT: at most so long ago was the stream's last event */
    const struct stream_origin *origin; /* START */
    const uint8_t *entry; /* CALL_FAST: its struct call_entry (call_entry.h), and behind it those */
    size_t entries_size;  /* of the same task's next events: so many bytes, all checked */

    const struct effect *effects;
    size_t effect_count;
};

#define SIGINFO_BYTES 128
#define EVENT_WORDS_MAX 64 /* WORD effects */

/* Whether effects of this kind have an address and a length (MEMORY's is that of its bytes). */
bool effect_has_range(enum effect_kind kind);

/* Whether events of this kind carry `before` and `after`. */
bool event_has_before(enum event_kind kind);
bool event_has_after(enum event_kind kind);

/* Whether `before`, or with `after` `after`, has this register. Of a CALL_FAST only those that the
 * call was made with and those that it changed are known, and of these not r11, the flags. */
bool event_has_register(const struct event *event, enum trace_reg reg, bool after);

/* The column `reach` of event.def. It is stored for SIGNAL only; of all other kinds a reader gives
 * this one. */
enum event_reach event_default_reach(enum event_kind kind);

#endif
