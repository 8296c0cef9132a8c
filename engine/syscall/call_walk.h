/*
 * Private to engine/syscall. One walk over the memory that a call writes answers two questions:
 * what must be redirected (before the call: `pieces` is set) and what was written (after it:
 * `ranges` is set). Because both come from the same code, an output is always inside a piece.
 *
 * For each pointer that the kernel writes through, a walker calls walk_piece() with the room that
 * the program gave it, then walk_range() with what the kernel wrote; the one that does not belong
 * to the question at hand does nothing. walk_out() does both for the usual case.
 *
 * An error (no memory) sticks in the walk, and makes what follows do nothing.
 */
#ifndef REEL_SYSCALL_CALL_WALK_H
#define REEL_SYSCALL_CALL_WALK_H

#include "engine/syscall/call_model.h"

/* The most that one call moves (fs.h); an iovec has at most IOVECS_MAX elements (readv(2)), and so
 * has an array of messages (recvmmsg(2)). */
#define TRANSFER_MAX 0x7ffff000ull
#define IOVECS_MAX 1024

struct walk {
    const struct call *call;
    const struct memory_view *view;
    struct memory_ranges *ranges;
    struct call_redirects *pieces;
    size_t first_piece; /* of this call, in *pieces */
    uint64_t piece_bytes;
    bool gave_up; /* too many pieces */
    struct error *error;
};

/* A pointer, and where the kernel finds it: in an argument, or in a piece. */
struct walk_pointer {
    int parent; /* a piece's number, or -1: an argument */
    uint32_t argument;
    uint64_t offset; /* in the parent */
    taddr address;   /* the pointer's value */
};

enum walk_copy {
    WALK_EXACT,   /* outputs never exceed what the kernel writes */
    WALK_COPY_IN, /* they may, or the kernel reads the memory as well */
};

static inline bool walk_is_before(const struct walk *walk)
{
    return walk->pieces != NULL;
}

/* -4095 … -1, as the kernel returns errors: addresses above are no results. */
static inline bool call_failed(const struct call *call)
{
    return call->result < 0 && call->result >= -4095;
}

/* The result as a count: 0 for an error. */
static inline uint64_t walk_result(const struct walk *walk)
{
    return call_failed(walk->call) ? 0 : (uint64_t)walk->call->result;
}

static inline struct walk_pointer walk_argument(const struct walk *walk, uint32_t argument)
{
    return (struct walk_pointer){-1, argument, 0, taddr_of(walk->call->argument[argument])};
}

static inline struct walk_pointer walk_field(int parent, uint64_t offset, uint64_t address)
{
    return (struct walk_pointer){parent, 0, offset, taddr_of(address)};
}

static inline uint64_t min_u64(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* Numbers in the program's memory; false if they cannot be read. */
bool walk_read(const struct walk *walk, taddr address, void *bytes, size_t size);
bool walk_read_u32(const struct walk *walk, taddr address, uint32_t *ret);
bool walk_read_u64(const struct walk *walk, taddr address, uint64_t *ret);

/* How much of `length` bytes at `address` can be read from the start on, to a page's end. */
uint64_t walk_readable(const struct walk *walk, taddr address, uint64_t length);

void walk_range(struct walk *walk, taddr address, uint64_t length);
/* The piece's number, or -1: not redirected (then its children cannot be either). */
int walk_piece(struct walk *walk, struct walk_pointer pointer, uint64_t room, enum walk_copy copy);

/* `room` bytes at argument `argument`, of which the kernel wrote the first `written`. */
void walk_out(struct walk *walk, uint32_t argument, uint64_t room, uint64_t written,
              enum walk_copy copy);
/* `size` bytes that the kernel may write in part. */
void walk_fixed(struct walk *walk, uint32_t argument, uint64_t size);

/* `written` bytes spread over the `count` iovecs at `pointer`. */
void walk_iovec(struct walk *walk, struct walk_pointer pointer, uint64_t count, uint64_t written,
                enum walk_copy copy);

/* A message being received, `written` bytes of data; and arrays of messages. */
void walk_message(struct walk *walk, struct walk_pointer pointer, uint64_t written,
                  enum walk_copy copy);
void walk_messages(struct walk *walk, uint32_t argument, uint64_t count, enum walk_copy copy);
void walk_sent_messages(struct walk *walk, uint32_t argument, uint64_t count);

/* What msg_iov of the msghdr at `address` leads to: `written` bytes. */
void walk_message_data(struct walk *walk, taddr address, uint64_t written);

/* irregular.c: what the call does that its row does not say. For failed calls only with
 * CALL_OUT_ON_ERROR. */
void irregular_walk(struct walk *walk);
bool irregular_has_walker(uint64_t number);

/* irregular_ioctl.c; the name is NULL for a request that ioctl.def does not have. */
void ioctl_walk(struct walk *walk);
const char *ioctl_name(uint32_t request);

#endif
