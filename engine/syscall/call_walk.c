#include "engine/syscall/call_walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "engine/syscall/call_sizes.h"

#define PIECES_MAX 65536
#define PIECE_BYTES_MAX (1ull << 31)

/* The kernel's msghdr and mmsghdr (linux/socket.h), which are libc's on x86-64. */
_Static_assert(sizeof(struct msghdr) == MSGHDR_BYTES, "struct msghdr");
_Static_assert(sizeof(struct mmsghdr) == MMSGHDR_BYTES, "struct mmsghdr");
_Static_assert(sizeof(struct iovec) == IOVEC_BYTES, "struct iovec");

void memory_ranges_deinit(struct memory_ranges *ranges)
{
    free(ranges->range);
    *ranges = (struct memory_ranges){0};
}

void call_redirects_deinit(struct call_redirects *redirects)
{
    free(redirects->redirect);
    *redirects = (struct call_redirects){0};
}

/* Room for one more element in a list; false without memory. */
static bool grow(void **elements, size_t size, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 8;
    void *moved = reallocarray(*elements, wanted, size);
    if (!moved)
        return false;
    *elements = moved;
    *capacity = wanted;
    return true;
}

struct error *memory_ranges_add(struct memory_ranges *ranges, taddr address, uint64_t length)
{
    if (length == 0)
        return NULL;
    if (!grow((void **)&ranges->range, sizeof(*ranges->range), ranges->count, &ranges->capacity))
        return &err_no_memory;
    ranges->range[ranges->count++] = (struct memory_range){address, length};
    return NULL;
}

/* How many bytes of the range are in the piece, from the range's start on. */
static uint64_t overlap(const struct memory_range *range, const struct call_redirect *piece)
{
    uint64_t offset = range->address.value - piece->address.value;
    if (range->address.value < piece->address.value || offset >= piece->length)
        return 0;
    return min_u64(range->length, piece->length - offset);
}

void memory_ranges_clip(struct memory_ranges *ranges, const struct call_redirects *redirects)
{
    for (size_t i = 0; i < ranges->count; i++) {
        uint64_t longest = 0;
        for (size_t k = 0; k < redirects->count; k++) {
            uint64_t length = overlap(&ranges->range[i], &redirects->redirect[k]);
            longest = length > longest ? length : longest;
        }
        if (longest)
            ranges->range[i].length = longest;
    }
}

bool walk_read(const struct walk *walk, taddr address, void *bytes, size_t size)
{
    return address.value && walk->view->read(walk->view->context, address, bytes, size);
}

bool walk_read_u32(const struct walk *walk, taddr address, uint32_t *ret)
{
    return walk_read(walk, address, ret, sizeof(*ret));
}

bool walk_read_u64(const struct walk *walk, taddr address, uint64_t *ret)
{
    return walk_read(walk, address, ret, sizeof(*ret));
}

uint64_t walk_readable(const struct walk *walk, taddr address, uint64_t length)
{
    uint64_t readable = 0;
    uint8_t byte;
    while (readable < length && walk_read(walk, taddr_add(address, readable), &byte, 1)) {
        uint64_t at = address.value + readable;
        readable += PAGE_BYTES - (at & (PAGE_BYTES - 1));
    }
    return min_u64(readable, length);
}

void walk_range(struct walk *walk, taddr address, uint64_t length)
{
    if (!walk->ranges || walk->error || !address.value || address.value + length < address.value)
        return;
    walk->error = memory_ranges_add(walk->ranges, address, length);
}

static bool readable_at_both_ends(const struct walk *walk, taddr address, uint64_t length)
{
    uint8_t byte;
    return address.value + length >= address.value && walk_read(walk, address, &byte, 1) &&
           walk_read(walk, taddr_add(address, length - 1), &byte, 1);
}

static void give_up(struct walk *walk)
{
    walk->pieces->count = walk->first_piece;
    walk->gave_up = true;
}

int walk_piece(struct walk *walk, struct walk_pointer pointer, uint64_t room, enum walk_copy copy)
{
    struct call_redirects *pieces = walk->pieces;
    if (!pieces || walk->error || walk->gave_up || room == 0 ||
        !readable_at_both_ends(walk, pointer.address, room))
        return -1;
    walk->piece_bytes += room;
    if (pieces->count - walk->first_piece >= PIECES_MAX || walk->piece_bytes > PIECE_BYTES_MAX) {
        give_up(walk);
        return -1;
    }
    if (!grow((void **)&pieces->redirect, sizeof(*pieces->redirect), pieces->count,
              &pieces->capacity)) {
        walk->error = &err_no_memory;
        return -1;
    }
    pieces->redirect[pieces->count] = (struct call_redirect){
        .parent = pointer.parent,
        .argument = pointer.argument,
        .offset = pointer.offset,
        .address = pointer.address,
        .length = room,
        .copy_in = copy == WALK_COPY_IN,
    };
    return (int)pieces->count++;
}

void walk_out(struct walk *walk, uint32_t argument, uint64_t room, uint64_t written,
              enum walk_copy copy)
{
    struct walk_pointer pointer = walk_argument(walk, argument);
    walk_piece(walk, pointer, room, copy);
    walk_range(walk, pointer.address, min_u64(room, written));
}

void walk_fixed(struct walk *walk, uint32_t argument, uint64_t size)
{
    walk_out(walk, argument, size, size, WALK_COPY_IN);
}

/*
 * Iovecs. The array is a piece of its own, since redirecting a buffer changes a pointer in it. The
 * kernel refuses more than IOV_MAX elements and stops at TRANSFER_MAX bytes (readv(2)).
 */
void walk_iovec(struct walk *walk, struct walk_pointer pointer, uint64_t count, uint64_t written,
                enum walk_copy copy)
{
    struct iovec iovecs[IOVECS_MAX];
    if (count > IOVECS_MAX || !walk_read(walk, pointer.address, iovecs, count * IOVEC_BYTES))
        return;
    int array = walk_piece(walk, pointer, count * IOVEC_BYTES, WALK_COPY_IN);
    if (walk_is_before(walk) && array < 0)
        return;
    uint64_t left = TRANSFER_MAX;
    for (uint64_t i = 0; i < count && left && !walk->error; i++) {
        struct walk_pointer base =
            walk_field(array, i * IOVEC_BYTES + offsetof(struct iovec, iov_base),
                       (uintptr_t)iovecs[i].iov_base);
        uint64_t room = min_u64(iovecs[i].iov_len, left);
        uint64_t here = min_u64(room, written);
        walk_piece(walk, base, room, copy);
        walk_range(walk, base.address, here);
        left -= room;
        written -= here;
    }
}

/* The kernel's types: msg_namelen is an int, of which negative values are refused. */
static uint64_t name_room(const struct msghdr *message)
{
    return (int32_t)message->msg_namelen < 0 ? 0 : min_u64(message->msg_namelen, SOCKADDR_BYTES);
}

/* msg_name, msg_iov and msg_control stay as they are; the lengths and the flags are written. */
static void message_fields(struct walk *walk, taddr address)
{
    walk_range(walk, taddr_add(address, offsetof(struct msghdr, msg_namelen)), 4);
    walk_range(walk, taddr_add(address, offsetof(struct msghdr, msg_controllen)), 8);
    walk_range(walk, taddr_add(address, offsetof(struct msghdr, msg_flags)), 4);
}

/* The message in the piece `parent` at `offset` (before the call), at `address`. */
static void message_parts(struct walk *walk, int parent, uint64_t offset, taddr address,
                          uint64_t written, enum walk_copy copy)
{
    struct msghdr message;
    if (!walk_read(walk, address, &message, sizeof(message)))
        return;
    struct walk_pointer name =
        walk_field(parent, offset + offsetof(struct msghdr, msg_name), (uintptr_t)message.msg_name);
    struct walk_pointer data =
        walk_field(parent, offset + offsetof(struct msghdr, msg_iov), (uintptr_t)message.msg_iov);
    struct walk_pointer control = walk_field(parent, offset + offsetof(struct msghdr, msg_control),
                                             (uintptr_t)message.msg_control);
    /* Longer control buffers are cut by the kernel only in what it uses of them; ours are bounded
     * since the length is the program's word alone. */
    uint64_t control_room = min_u64(message.msg_controllen, TRANSFER_MAX);
    message_fields(walk, address);
    walk_piece(walk, name, name_room(&message), WALK_COPY_IN);
    walk_range(walk, name.address, name_room(&message));
    walk_iovec(walk, data, message.msg_iovlen, written, copy);
    walk_piece(walk, control, control_room, WALK_COPY_IN);
    walk_range(walk, control.address, control_room);
}

void walk_message(struct walk *walk, struct walk_pointer pointer, uint64_t written,
                  enum walk_copy copy)
{
    int piece = walk_piece(walk, pointer, MSGHDR_BYTES, WALK_COPY_IN);
    if (walk_is_before(walk) && piece < 0)
        return;
    message_parts(walk, piece, 0, pointer.address, written, copy);
}

/* Before the call, all messages may be received; after it, those that were. */
static uint64_t messages_walked(const struct walk *walk, uint64_t count)
{
    count = min_u64(count, IOVECS_MAX);
    return walk_is_before(walk) ? count : min_u64(count, walk_result(walk));
}

void walk_messages(struct walk *walk, uint32_t argument, uint64_t count, enum walk_copy copy)
{
    struct walk_pointer pointer = walk_argument(walk, argument);
    count = messages_walked(walk, count);
    int piece = walk_piece(walk, pointer, count * MMSGHDR_BYTES, WALK_COPY_IN);
    if (walk_is_before(walk) && piece < 0)
        return;
    for (uint64_t i = 0; i < count && !walk->error && !walk->gave_up; i++) {
        uint64_t offset = i * MMSGHDR_BYTES;
        taddr address = taddr_add(pointer.address, offset);
        taddr length_at = taddr_add(address, offsetof(struct mmsghdr, msg_len));
        uint32_t length = 0;
        if (!walk_read_u32(walk, length_at, &length))
            return;
        message_parts(walk, piece, offset, address, length, copy);
        walk_range(walk, length_at, sizeof(length));
    }
}

void walk_sent_messages(struct walk *walk, uint32_t argument, uint64_t count)
{
    struct walk_pointer pointer = walk_argument(walk, argument);
    count = messages_walked(walk, count);
    walk_piece(walk, pointer, count * MMSGHDR_BYTES, WALK_COPY_IN);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t offset = i * MMSGHDR_BYTES + offsetof(struct mmsghdr, msg_len);
        walk_range(walk, taddr_add(pointer.address, offset), 4);
    }
}

void walk_message_data(struct walk *walk, taddr address, uint64_t written)
{
    struct msghdr message;
    if (!walk_read(walk, address, &message, sizeof(message)))
        return;
    walk_iovec(walk, walk_field(-1, 0, (uintptr_t)message.msg_iov), message.msg_iovlen, written,
               WALK_EXACT);
}
