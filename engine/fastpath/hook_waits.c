/*
 * Calls that are made to wait: served where they need not.
 */
#include <asm/unistd.h>

#include "engine/fastpath/hook_call.h"

#define EAGAIN 11

/* linux/futex.h */
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_CMD_MASK 127u

/* What waits only while a word has a value comes back at once if it has another. */
static long serve_wait(const struct hook_call *call)
{
    const volatile uint32_t *word = (const volatile uint32_t *)call->rdi;
    if (call->rdi & 3 || *word == (uint32_t)call->rdx)
        return NOT_SERVED;
    return -EAGAIN;
}

/* Every so often they shall have the turn right away, as they might natively: a lock that is taken
 * again before the next call would else be theirs never. */
#define WAKES_A_YIELD 8

static long serve_wake(struct hook_slot *slot, const struct hook_call *call)
{
    long result = as_it_is(call);
    if (result > 0 && ++slot->wakes % WAKES_A_YIELD == 0)
        slot->yields = STATE->leave = 1;
    return result;
}

long serve_futex(struct hook_slot *slot, const struct hook_call *call)
{
    switch ((uint32_t)call->rsi & FUTEX_CMD_MASK) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_WAKE_OP:
        return serve_wake(slot, call);
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return serve_wait(call);
    default:
        return NOT_SERVED;
    }
}

void add_futex_outputs(struct hook_draft *draft, const struct hook_call *call, long result)
{
    if (((uint32_t)call->rsi & FUTEX_CMD_MASK) == FUTEX_WAKE_OP && !is_error(result))
        add_output(draft, call->r8, sizeof(uint32_t));
}

/* Nothing is ready: to wait for it is not for us. With a timeout of 0 that is the answer. */
static long unless_empty(long result, int waits)
{
    return result == 0 && waits ? NOT_SERVED : result;
}

struct pollfd {
    int fd;
    short events, revents;
};
#define POLLED_MAX 128

/* In a copy: if the program is to wait, nothing of its own may have changed before that. */
static long poll_now(const struct hook_call *call)
{
    struct pollfd copy[POLLED_MAX], *own = (struct pollfd *)call->rdi;
    uint32_t count = (uint32_t)call->rsi;
    for (uint32_t i = 0; i < count; i++)
        copy[i] = own[i];
    long result = hook_kernel_call(__NR_poll, (uint64_t)copy, count, 0, 0, 0, 0);
    for (uint32_t i = 0; i < count && result > 0; i++)
        own[i].revents = copy[i].revents;
    return result;
}

long serve_poll(const struct hook_call *call, unsigned variant)
{
    if (variant == VARIANT_WITH_MASK && (call->r10 || call->rdx)) /* a mask, or a timeout, which
                                                                     the kernel updates */
        return NOT_SERVED;
    if (variant == VARIANT_WITHOUT_MASK && (int)call->rdx == 0)
        return as_it_is(call);
    if ((uint32_t)call->rsi > POLLED_MAX)
        return NOT_SERVED;
    return unless_empty(poll_now(call), 1);
}

long serve_epoll_wait(const struct hook_call *call, unsigned variant)
{
    if (variant == VARIANT_WITH_MASK && call->r8)
        return NOT_SERVED;
    return unless_empty(hook_kernel_call(__NR_epoll_wait, call->rdi, call->rsi, call->rdx, 0, 0, 0),
                        (int)call->r10 != 0);
}
