/*
 * The regular half of the model: what a row's argument kinds mean. irregular.c has the rest.
 *
 * CAVEAT: an error normally means that nothing was written. A call that faults half way through its
 * outputs (EFAULT) has written some of them; that memory is not looked at, as no program looks at
 * it either.
 */
#include "engine/syscall/call_model.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "engine/syscall/call_sizes.h"
#include "engine/syscall/call_walk.h"

/* Argument `index` as a count, with the width that the kernel takes it with: negative ints are
 * refused by every call that has them. */
static uint64_t count_argument(const struct call *call, const struct call_row *row, unsigned index)
{
    uint64_t value = call->argument[index];
    switch (row->argument[index].kind) {
    case ARG_INT:
        return (int32_t)value < 0 ? 0 : (uint32_t)value;
    case ARG_UINT:
        return (uint32_t)value;
    default:
        return value;
    }
}

/* count × size, at most what one call can move. */
static uint64_t bounded_bytes(uint64_t count, uint64_t size)
{
    return count > TRANSFER_MAX / size ? TRANSFER_MAX : count * size;
}

/* recv(2) with MSG_TRUNC: a datagram's real length is returned, and TCP drops the bytes without
 * writing any. */
static enum walk_copy copy_of(const struct call *call)
{
    uint64_t flags = 0;
    if (call->number == __NR_recvfrom || call->number == __NR_recvmmsg)
        flags = call->argument[3];
    if (call->number == __NR_recvmsg)
        flags = call->argument[2];
    return flags & MSG_TRUNC ? WALK_COPY_IN : WALK_EXACT;
}

static void walk_out_result(struct walk *walk, unsigned index, uint64_t count, uint64_t size)
{
    uint64_t written = bounded_bytes(walk_result(walk), size);
    walk_out(walk, index, bounded_bytes(count, size), written, copy_of(walk->call));
}

/* An address with a value-result length (accept(2)): before the call the length says how much room
 * there is. */
static void walk_out_length(struct walk *walk, unsigned index, const struct call_arg *arg)
{
    uint32_t length;
    if (!walk_read_u32(walk, taddr_of(walk->call->argument[arg->of]), &length))
        return;
    walk_fixed(walk, index, (int32_t)length < 0 ? 0 : min_u64(length, arg->bytes));
}

static void walk_regular(struct walk *walk, const struct call_row *row, unsigned index)
{
    const struct call_arg *arg = &row->argument[index];
    uint64_t count = count_argument(walk->call, row, arg->of);
    switch (arg->kind) {
    case ARG_OUT:
    case ARG_INOUT:
        walk_fixed(walk, index, arg->bytes);
        break;
    case ARG_OUT_SIZED:
    case ARG_INOUT_SIZED:
        walk_fixed(walk, index, bounded_bytes(count, arg->bytes));
        break;
    case ARG_OUT_RESULT:
        walk_out_result(walk, index, count, arg->bytes);
        break;
    case ARG_OUT_LENGTH:
        walk_out_length(walk, index, arg);
        break;
    case ARG_OUT_IOVEC:
        walk_iovec(walk, walk_argument(walk, index), count, walk_result(walk), WALK_EXACT);
        break;
    case ARG_OUT_MSGHDR:
        walk_message(walk, walk_argument(walk, index), walk_result(walk), copy_of(walk->call));
        break;
    case ARG_OUT_MMSGHDR:
        walk_messages(walk, index, count, copy_of(walk->call));
        break;
    case ARG_IN_MMSGHDR:
        walk_sent_messages(walk, index, count);
        break;
    default:
        break;
    }
}

/* Errors that say that the arguments are bad, so that these are no measure of memory either. What
 * has the same size always may have been written even so (select writes the time that was left,
 * waitid an empty siginfo_t). */
static bool refused_arguments(int64_t result)
{
    return result == -EINVAL || result == -EFAULT || result == -EBADF || result == -ENOSYS;
}

static bool has_fixed_size(const struct call_arg *arg)
{
    return arg->kind == ARG_OUT || arg->kind == ARG_INOUT;
}

static void walk_call(struct walk *walk, const struct call_row *row)
{
    bool refused = !walk_is_before(walk) && refused_arguments(walk->call->result);
    for (unsigned i = 0; i < CALL_ARGUMENTS && !walk->error; i++) {
        if (walk->call->argument[i] && (!refused || has_fixed_size(&row->argument[i])))
            walk_regular(walk, row, i);
    }
    irregular_walk(walk);
}

struct error *call_outputs(const struct call *call, const struct memory_view *view,
                           struct memory_ranges *ret)
{
    const struct call_row *row = call_row(call->number);
    if (!row || (call_failed(call) && !(row->flags & CALL_OUT_ON_ERROR)))
        return NULL;
    struct walk walk = {.call = call, .view = view, .ranges = ret};
    walk_call(&walk, row);
    return walk.error;
}

struct error *call_redirects(const struct call *call, const struct memory_view *view,
                             struct call_redirects *ret)
{
    const struct call_row *row = call_row(call->number);
    if (!row || !(row->flags & CALL_MAY_BLOCK))
        return NULL;
    struct walk walk = {.call = call, .view = view, .pieces = ret, .first_piece = ret->count};
    walk_call(&walk, row);
    return walk.error;
}

/* sendmmsg: the result counts messages, and each says in its msg_len what was sent of it. */
static void walk_sent_data(struct walk *walk, taddr array)
{
    uint64_t count = min_u64(walk_result(walk), IOVECS_MAX);
    for (uint64_t i = 0; i < count && !walk->error; i++) {
        taddr message = taddr_add(array, i * MMSGHDR_BYTES);
        uint32_t length;
        if (!walk_read_u32(walk, taddr_add(message, offsetof(struct mmsghdr, msg_len)), &length))
            return;
        walk_message_data(walk, message, length);
    }
}

/* False if the argument is not what a call sends. */
static bool walk_input(struct walk *walk, const struct call_row *row, unsigned index)
{
    const struct call_arg *arg = &row->argument[index];
    taddr address = taddr_of(walk->call->argument[index]);
    uint64_t count = count_argument(walk->call, row, arg->of);
    uint64_t sent = walk_result(walk);
    switch (arg->kind) {
    case ARG_IN_SIZED:
        walk_range(walk, address, min_u64(bounded_bytes(count, arg->bytes), sent));
        return true;
    case ARG_IN_IOVEC:
        walk_iovec(walk, walk_argument(walk, index), count, sent, WALK_EXACT);
        return true;
    case ARG_IN_MSGHDR:
        walk_message_data(walk, address, sent);
        return true;
    case ARG_IN_MMSGHDR:
        walk_sent_data(walk, address);
        return true;
    default:
        return false;
    }
}

struct error *call_inputs(const struct call *call, const struct memory_view *view,
                          struct memory_ranges *ret)
{
    const struct call_row *row = call_row(call->number);
    if (!row || !(row->flags & CALL_SENDS) || call_failed(call))
        return NULL;
    struct walk walk = {.call = call, .view = view, .ranges = ret};
    for (unsigned i = 0; i < CALL_ARGUMENTS; i++) {
        if (walk_input(&walk, row, i))
            break; /* the first such argument is the data, sendto's other one an address */
    }
    return walk.error;
}
