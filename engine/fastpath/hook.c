/*
 * The hook's decision: whether a call is served here, how, and what came of it.
 */
#include "engine/fastpath/hook_call.h"

/* --- Outputs, as the plan tells them --------------------------------------------------------- */

/* The u32 that says how long an output is; before the call. */
static uint32_t length_before(const struct hook_plan *plan, const struct hook_call *call)
{
    for (unsigned i = 0; i < HOOK_PLAN_OUTPUTS; i++)
        if (plan->output[i].kind == OUTPUT_LENGTH && argument(call, plan->output[i].of))
            return *(const uint32_t *)argument(call, plan->output[i].of);
    return 0;
}

static uint64_t output_bytes(const struct hook_output *output, const struct hook_call *call,
                             long result, uint32_t length)
{
    uint64_t most = argument(call, output->of) * output->bytes;
    switch (output->kind) {
    case OUTPUT_FIXED:
        return output->bytes;
    case OUTPUT_SIZED:
        return most;
    case OUTPUT_RESULT: {
        uint64_t bytes = (uint64_t)result * output->bytes;
        return result < 0 ? 0 : bytes < most ? bytes : most;
    }
    case OUTPUT_LENGTH: {
        uint64_t at = argument(call, output->of);
        uint32_t now = at ? *(const uint32_t *)at : 0;
        return now < length ? now : length;
    }
    default:
        return 0;
    }
}

static int fits(const struct hook_slot *slot, const struct hook_plan *plan,
                const struct hook_call *call, uint32_t length)
{
    uint64_t total = 4096; /* what is irregular is smaller */
    for (unsigned i = 0; i < HOOK_PLAN_OUTPUTS; i++) {
        const struct hook_output *output = &plan->output[i];
        uint64_t of = output->kind == OUTPUT_LENGTH ? length : argument(call, output->of);
        uint64_t bytes = output->kind == OUTPUT_FIXED ? output->bytes : of * output->bytes;
        if (output->kind == OUTPUT_NONE || !argument(call, output->argument))
            continue;
        if (of > HOOK_SLOT_BYTES && output->kind != OUTPUT_FIXED)
            return 0;
        total += bytes;
    }
    return has_room(slot, total);
}

#define EFAULT 14

static void add_outputs(struct hook_draft *draft, const struct hook_plan *plan,
                        const struct hook_call *call, long result, uint32_t length)
{
    if (is_error(result) && (!plan->on_error || result == -EFAULT))
        return;
    for (unsigned i = 0; i < HOOK_PLAN_OUTPUTS; i++)
        if (plan->output[i].kind != OUTPUT_NONE && argument(call, plan->output[i].argument))
            add_output(draft, argument(call, plan->output[i].argument),
                       output_bytes(&plan->output[i], call, result, length));
    switch (plan->shape) {
    case SHAPE_READV:
        add_readv_outputs(draft, call, result);
        break;
    case SHAPE_FCNTL:
        add_fcntl_outputs(draft, call, result);
        break;
    case SHAPE_IOCTL:
        add_ioctl_outputs(draft, call, result);
        break;
    case SHAPE_FUTEX:
        add_futex_outputs(draft, call, result);
        break;
    }
}

/* --- The call -------------------------------------------------------------------------------- */

#define GRND_RANDOM 2
#define SIGTRAP 5
#define SIGSEGV 11

#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

/*
 * While SIGSEGV is blocked, the recorder's own traps change that behind the program's back, and it
 * must know: the traced path sees to that. What is served leaves the signal unblocked.
 */
static long serve_mask(struct hook_slot *slot, const struct hook_call *call)
{
    int named = call->rsi && *(const uint64_t *)call->rsi >> (SIGSEGV - 1) & 1;
    uint32_t how = (uint32_t)call->rdi;
    if (!call->rsi)
        return slot->fault_blocked ? NOT_SERVED : as_it_is(call);
    int unblocks = how == SIG_SETMASK ? !named : how == SIG_UNBLOCK && named;
    if ((named && !unblocks) || (slot->fault_blocked && !unblocks))
        return NOT_SERVED;
    long result = as_it_is(call);
    if (unblocks && !is_error(result))
        slot->fault_blocked = 0;
    return result;
}

static long make(struct hook_slot *slot, const struct hook_plan *plan, const struct hook_call *call)
{
    switch (plan->shape) {
    case SHAPE_PLAIN:
        return as_it_is(call);
    case SHAPE_READ:
        return serve_read(slot, call);
    case SHAPE_WRITE:
        return serve_write(slot, call);
    case SHAPE_READV:
        return serve_readv(slot, call);
    case SHAPE_WRITEV:
        return serve_writev(slot, call);
    case SHAPE_FILE_READ:
        return serve_file_read(slot, call);
    case SHAPE_FILE_WRITE:
        return serve_file_write(slot, call);
    case SHAPE_RECEIVE:
        return serve_receive(slot, call);
    case SHAPE_SEND:
        return serve_send(slot, call);
    case SHAPE_SENDFILE:
        return serve_copy(slot, call, call->rsi, call->rdi);
    case SHAPE_COPY_RANGE:
        return serve_copy(slot, call, call->rdi, call->rdx);
    case SHAPE_OPEN:
        return serve_open(slot, call, plan->variant);
    case SHAPE_CLOSE:
        return serve_close(slot, call);
    case SHAPE_DUP:
        return serve_dup(slot, call);
    case SHAPE_PIPE:
        return serve_pipe(slot, call);
    case SHAPE_SOCKET:
        return serve_socket(slot, call);
    case SHAPE_SOCKETPAIR:
        return serve_socketpair(slot, call);
    case SHAPE_SET_OPTION:
        return serve_set_option(slot, call);
    case SHAPE_FCNTL:
        return serve_fcntl(slot, call);
    case SHAPE_IOCTL:
        return serve_ioctl(slot, call);
    case SHAPE_FUTEX:
        return serve_futex(slot, call);
    case SHAPE_POLL:
        return serve_poll(call, plan->variant);
    case SHAPE_EPOLL_WAIT:
        return serve_epoll_wait(call, plan->variant);
    case SHAPE_YIELD:
        return slot->alone ? as_it_is(call) : NOT_SERVED;
    case SHAPE_RANDOM:
        return call->rdx & GRND_RANDOM ? NOT_SERVED : as_it_is(call);
    case SHAPE_ASK_LIMIT:
        return call->rdx ? NOT_SERVED : as_it_is(call);
    case SHAPE_MASK:
        return serve_mask(slot, call);
    case SHAPE_ACTION:
        return call->rdi == SIGSEGV || call->rdi == SIGTRAP ? NOT_SERVED : as_it_is(call);
    default:
        return NOT_SERVED;
    }
}

static int record(struct hook_slot *slot, struct hook_call *call)
{
    struct hook_draft draft;
    if (slot->stop || STATE->leave || call->rax >= HOOK_PLAN_CALLS)
        return 0;
    const struct hook_plan *plan = &PLAN[call->rax];
    if (plan->shape == SHAPE_TRACED)
        return 0;
    uint32_t length = length_before(plan, call);
    if (!fits(slot, plan, call, length))
        return 0;
    STATE->made = 0;
    long result = make(slot, plan, call);
    if (result == NOT_SERVED)
        return 0;
    STATE->made = 1;
    begin_entry(&draft, slot);
    add_outputs(&draft, plan, call, result, length);
    end_entry(&draft, call, result);
    STATE->made = 0;
    call->rax = (uint64_t)result;
    return 1;
}

/* From hook_entry.S. Whether the call was served. */
int hook_serve(struct hook_call *call);
int hook_serve(struct hook_call *call)
{
    struct hook_slot *slot = (struct hook_slot *)STATE->slot;
    if (!slot)
        return 0;
    return STATE->replays ? hook_replay(slot, call) : record(slot, call);
}
