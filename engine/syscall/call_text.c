#include "engine/syscall/call_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "engine/syscall/call_walk.h"
#include "engine/syscall/flag_text.h"

#define KERNEL_SIGNALS 64
#define FIRST_REAL_TIME 32

static void put_text(struct buffer *buffer, const char *text)
{
    buffer_put(buffer, text, strlen(text));
}

static void put_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

static void put_format(struct buffer *buffer, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put_text(buffer, text);
}

static void put_address(struct buffer *buffer, uint64_t value)
{
    if (value)
        put_format(buffer, "0x%" PRIx64, value);
    else
        put_text(buffer, "NULL");
}

static void put_signal(struct buffer *buffer, uint64_t value)
{
    if (value == 0)
        put_text(buffer, "0"); /* kill(2): only asks whether the task exists */
    else if ((uint32_t)value > KERNEL_SIGNALS)
        put_format(buffer, "%d", (int32_t)value);
    else
        put_text(buffer, signal_name((int)value));
}

/* clone(2): the low byte is the signal that the parent gets at the child's end. */
static void put_flags(struct buffer *buffer, enum flag_set set, uint64_t value)
{
    uint32_t exit_signal = set == FLAG_SET_CLONE ? value & 0xff : 0;
    uint32_t flags = (uint32_t)value & ~exit_signal;
    if (flags || !exit_signal)
        flag_text(buffer, set, flags);
    if (!exit_signal)
        return;
    if (flags)
        put_text(buffer, "|");
    put_signal(buffer, exit_signal);
}

static void put_hex(struct buffer *buffer, const struct call *call, unsigned index)
{
    const char *name = NULL;
    if (call->number == __NR_ioctl && index == 1)
        name = ioctl_name((uint32_t)call->argument[1]);
    if (name)
        put_text(buffer, name);
    else
        put_format(buffer, "0x%" PRIx64, call->argument[index]);
}

static void put_descriptor(struct buffer *buffer, int32_t fd)
{
    if (fd == AT_FDCWD)
        put_text(buffer, "AT_FDCWD");
    else
        put_format(buffer, "%" PRId32, fd);
}

static void put_argument(struct buffer *buffer, const struct call *call, const struct call_arg *arg,
                         unsigned index)
{
    uint64_t value = call->argument[index];
    switch ((enum call_arg_kind)arg->kind) {
    case ARG_FD:
        put_descriptor(buffer, (int32_t)value);
        break;
    case ARG_INT:
    case ARG_PID:
        put_format(buffer, "%" PRId32, (int32_t)value);
        break;
    case ARG_UINT:
        put_format(buffer, "%" PRIu32, (uint32_t)value);
        break;
    case ARG_SIZE:
        put_format(buffer, "%" PRIu64, value);
        break;
    case ARG_OFFSET:
        put_format(buffer, "%" PRId64, (int64_t)value);
        break;
    case ARG_MODE:
        put_format(buffer, "%#" PRIo32, (uint32_t)value);
        break;
    case ARG_FLAGS:
        put_flags(buffer, (enum flag_set)arg->bytes, value);
        break;
    case ARG_SIGNAL:
        put_signal(buffer, value);
        break;
    case ARG_NONE:
    case ARG_HEX:
    case ARG_IRREGULAR:
        put_hex(buffer, call, index);
        break;
    case ARG_ADDRESS:
    case ARG_STRING:
    case ARG_IN:
    case ARG_IN_SIZED:
    case ARG_IN_IOVEC:
    case ARG_IN_MSGHDR:
    case ARG_IN_MMSGHDR:
    case ARG_IN_STRINGS:
    case ARG_OUT:
    case ARG_OUT_SIZED:
    case ARG_OUT_RESULT:
    case ARG_OUT_LENGTH:
    case ARG_OUT_IOVEC:
    case ARG_OUT_MSGHDR:
    case ARG_OUT_MMSGHDR:
    case ARG_INOUT:
    case ARG_INOUT_SIZED:
        put_address(buffer, value);
        break;
    }
}

/* open(2) looks at the mode, its next argument, only when it may create a file. */
static bool mode_is_unused(const struct call *call, const struct call_row *row, unsigned index)
{
    if (index == 0 || row->argument[index].kind != ARG_MODE ||
        row->argument[index - 1].kind != ARG_FLAGS ||
        row->argument[index - 1].bytes != FLAG_SET_OPEN)
        return false;
    uint64_t flags = call->argument[index - 1];
    return !(flags & O_CREAT) && (flags & O_TMPFILE) != O_TMPFILE;
}

static unsigned arguments_shown(const struct call *call, const struct call_row *row)
{
    unsigned count = 0;
    while (count < CALL_ARGUMENTS && row->argument[count].kind != ARG_NONE &&
           !(mode_is_unused(call, row, count) &&
             (count + 1 == CALL_ARGUMENTS || row->argument[count + 1].kind == ARG_NONE)))
        count++;
    return count;
}

void call_text(struct buffer *buffer, const struct call *call)
{
    static const struct call_row unknown; /* all arguments in hexadecimal */
    const struct call_row *row = call_row(call->number);
    unsigned count = row ? arguments_shown(call, row) : CALL_ARGUMENTS;
    if (row)
        put_text(buffer, row->name);
    else
        put_format(buffer, "call_%" PRIu64, call->number);
    put_text(buffer, "(");
    for (unsigned i = 0; i < count; i++) {
        if (i)
            put_text(buffer, ", ");
        put_argument(buffer, call, &(row ? row : &unknown)->argument[i], i);
    }
    put_text(buffer, ")");
}

void call_result_text(struct buffer *buffer, const struct call *call)
{
    const struct call_row *row = call_row(call->number);
    if (call_failed(call)) {
        const char *name = errno_name((int)-call->result);
        put_format(buffer, name ? "= %" PRId64 " %s" : "= %" PRId64, call->result, name);
        return;
    }
    bool is_address = row && (row->flags & CALL_MAPS) && call->result != 0;
    put_format(buffer, is_address ? "= 0x%" PRIx64 : "= %" PRId64, call->result);
}

const char *errno_name(int error)
{
    /* linux/errno.h: between kernel and tracer only, user space never sees them. */
    switch (error) {
    case 512:
        return "ERESTARTSYS";
    case 513:
        return "ERESTARTNOINTR";
    case 514:
        return "ERESTARTNOHAND";
    case 515:
        return "ENOIOCTLCMD";
    case 516:
        return "ERESTART_RESTARTBLOCK";
    default:
        return error ? strerrorname_np(error) : NULL;
    }
}

const char *signal_name(int signal)
{
    static const char *const names[FIRST_REAL_TIME] = {
        [SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",       [SIGQUIT] = "SIGQUIT",
        [SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP",     [SIGABRT] = "SIGABRT",
        [SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",       [SIGKILL] = "SIGKILL",
        [SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV",     [SIGUSR2] = "SIGUSR2",
        [SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM",     [SIGTERM] = "SIGTERM",
        [SIGSTKFLT] = "SIGSTKFLT", [SIGCHLD] = "SIGCHLD",     [SIGCONT] = "SIGCONT",
        [SIGSTOP] = "SIGSTOP",     [SIGTSTP] = "SIGTSTP",     [SIGTTIN] = "SIGTTIN",
        [SIGTTOU] = "SIGTTOU",     [SIGURG] = "SIGURG",       [SIGXCPU] = "SIGXCPU",
        [SIGXFSZ] = "SIGXFSZ",     [SIGVTALRM] = "SIGVTALRM", [SIGPROF] = "SIGPROF",
        [SIGWINCH] = "SIGWINCH",   [SIGIO] = "SIGIO",         [SIGPWR] = "SIGPWR",
        [SIGSYS] = "SIGSYS",
    };
    /* Counted from the kernel's first real-time signal; libc's SIGRTMIN is SIGRT2. */
    static const char *const real_time[] = {
        "SIGRT0",  "SIGRT1",  "SIGRT2",  "SIGRT3",  "SIGRT4",  "SIGRT5",  "SIGRT6",
        "SIGRT7",  "SIGRT8",  "SIGRT9",  "SIGRT10", "SIGRT11", "SIGRT12", "SIGRT13",
        "SIGRT14", "SIGRT15", "SIGRT16", "SIGRT17", "SIGRT18", "SIGRT19", "SIGRT20",
        "SIGRT21", "SIGRT22", "SIGRT23", "SIGRT24", "SIGRT25", "SIGRT26", "SIGRT27",
        "SIGRT28", "SIGRT29", "SIGRT30", "SIGRT31", "SIGRT32",
    };
    if (signal > 0 && signal < FIRST_REAL_TIME)
        return names[signal];
    if (signal >= FIRST_REAL_TIME && signal <= KERNEL_SIGNALS)
        return real_time[signal - FIRST_REAL_TIME];
    return "SIG?";
}
