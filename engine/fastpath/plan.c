/*
 * The plan: from the table of calls, whose column FAST says which calls may be served.
 */
#include <asm/unistd.h>

#include "engine/fastpath/hook_abi.h"
#include "engine/fastpath/hook_image.h"
#include "engine/syscall/call_table.h"

_Static_assert(sizeof(struct hook_plan) * HOOK_PLAN_CALLS <= HOOK_PLAN_BYTES, "it fits");

/* Calls with more to them than to be made as they are. */
static const struct {
    uint16_t number;
    uint8_t shape, variant;
} shapes[] = {
    {__NR_read, SHAPE_READ, 0},
    {__NR_write, SHAPE_WRITE, 0},
    {__NR_readv, SHAPE_READV, 0},
    {__NR_writev, SHAPE_WRITEV, 0},
    {__NR_pread64, SHAPE_FILE_READ, 0},
    {__NR_pwrite64, SHAPE_FILE_WRITE, 0},
    {__NR_getdents, SHAPE_FILE_READ, 0},
    {__NR_getdents64, SHAPE_FILE_READ, 0},
    {__NR_recvfrom, SHAPE_RECEIVE, 0},
    {__NR_sendto, SHAPE_SEND, 0},
    {__NR_sendfile, SHAPE_SENDFILE, 0},
    {__NR_copy_file_range, SHAPE_COPY_RANGE, 0},
    {__NR_open, SHAPE_OPEN, VARIANT_OPEN},
    {__NR_openat, SHAPE_OPEN, VARIANT_OPENAT},
    {__NR_close, SHAPE_CLOSE, 0},
    {__NR_dup, SHAPE_DUP, 0},
    {__NR_dup2, SHAPE_DUP, 0},
    {__NR_dup3, SHAPE_DUP, 0},
    {__NR_pipe, SHAPE_PIPE, 0},
    {__NR_pipe2, SHAPE_PIPE, 0},
    {__NR_socket, SHAPE_SOCKET, 0},
    {__NR_eventfd, SHAPE_SOCKET, 0},
    {__NR_eventfd2, SHAPE_SOCKET, 0},
    {__NR_socketpair, SHAPE_SOCKETPAIR, 0},
    {__NR_setsockopt, SHAPE_SET_OPTION, 0},
    {__NR_fcntl, SHAPE_FCNTL, 0},
    {__NR_ioctl, SHAPE_IOCTL, 0},
    {__NR_futex, SHAPE_FUTEX, 0},
    {__NR_poll, SHAPE_POLL, VARIANT_WITHOUT_MASK},
    {__NR_ppoll, SHAPE_POLL, VARIANT_WITH_MASK},
    {__NR_epoll_wait, SHAPE_EPOLL_WAIT, VARIANT_WITHOUT_MASK},
    {__NR_epoll_pwait, SHAPE_EPOLL_WAIT, VARIANT_WITH_MASK},
    {__NR_sched_yield, SHAPE_YIELD, 0},
    {__NR_getrandom, SHAPE_RANDOM, 0},
    {__NR_prlimit64, SHAPE_ASK_LIMIT, 0},
    {__NR_rt_sigaction, SHAPE_ACTION, 0},
    {__NR_rt_sigprocmask, SHAPE_MASK, 0},
};

static bool find_shape(uint64_t number, struct hook_plan *ret)
{
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++) {
        if (shapes[i].number != number)
            continue;
        ret->shape = shapes[i].shape;
        ret->variant = shapes[i].variant;
        return true;
    }
    return false;
}

/* What a shape's own function does not tell. */
static bool output_of(const struct call_arg *arg, unsigned index, struct hook_output *ret)
{
    *ret = (struct hook_output){.argument = index & 7, .of = arg->of, .bytes = arg->bytes};
    switch (arg->kind) {
    case ARG_OUT:
    case ARG_INOUT:
        ret->kind = OUTPUT_FIXED;
        return true;
    case ARG_OUT_SIZED:
    case ARG_INOUT_SIZED:
        ret->kind = OUTPUT_SIZED;
        return true;
    case ARG_OUT_RESULT:
        ret->kind = OUTPUT_RESULT;
        return true;
    case ARG_OUT_LENGTH:
        ret->kind = OUTPUT_LENGTH;
        ret->bytes = 1;
        return true;
    default:
        return false;
    }
}

static bool is_told_by_shape(const struct call_arg *arg, unsigned shape)
{
    if (arg->kind < ARG_OUT) /* not written */
        return true;
    return (arg->kind == ARG_OUT_IOVEC && shape == SHAPE_READV) ||
           (arg->kind == ARG_IRREGULAR &&
            (shape == SHAPE_FCNTL || shape == SHAPE_IOCTL || shape == SHAPE_FUTEX));
}

/* false: more than the hook can do. */
static bool plan_outputs(const struct call_row *row, struct hook_plan *ret)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CALL_ARGUMENTS; i++) {
        struct hook_output output;
        if (!output_of(&row->argument[i], i, &output)) {
            if (!is_told_by_shape(&row->argument[i], ret->shape))
                return false;
            continue;
        }
        if (ret->shape == SHAPE_POLL && i > 0) /* a timeout: only without one */
            continue;
        if (count == HOOK_PLAN_OUTPUTS)
            return false;
        ret->output[count++] = output;
    }
    return true;
}

static struct hook_plan plan_call(uint64_t number)
{
    static const struct hook_plan traced;
    const struct call_row *row = call_row(number);
    struct hook_plan ret = {.shape = SHAPE_PLAIN};
    if (!row || !(row->flags & CALL_FAST) || row->flags & (CALL_MAPS | CALL_REFUSED))
        return traced;
    if (!find_shape(number, &ret) && row->flags & CALL_MAY_BLOCK)
        return traced;
    ret.on_error = (row->flags & CALL_OUT_ON_ERROR) != 0;
    return plan_outputs(row, &ret) ? ret : traced;
}

/* The value is as long as the kernel says, at most what the program said (getsockopt(2)). */
static struct hook_plan plan_getsockopt(void)
{
    return (struct hook_plan){
        .shape = SHAPE_PLAIN,
        .output = {{.kind = OUTPUT_LENGTH, .argument = 3, .of = 4, .bytes = 1},
                   {.kind = OUTPUT_FIXED, .argument = 4, .bytes = sizeof(uint32_t)}}};
}

const struct hook_plan *hook_plan(void)
{
    static struct hook_plan plan[HOOK_PLAN_CALLS];
    if (plan[__NR_read].shape != SHAPE_TRACED)
        return plan;
    for (uint64_t i = 0; i < HOOK_PLAN_CALLS; i++)
        plan[i] = plan_call(i);
    plan[__NR_getsockopt] = plan_getsockopt();
    return plan;
}
