#include "engine/syscall/call_table.h"

#include <errno.h>

#include "engine/syscall/call_sizes.h"
#include "engine/syscall/flag_text.h"

/* The words of x86_64.def. */
enum {
    NONE = 0,
    MAY_BLOCK = CALL_MAY_BLOCK,
    MAPS = CALL_MAPS,
    MAKES_TASK = CALL_MAKES_TASK,
    EXEC = CALL_EXEC | CALL_MAPS,
    EXITS = CALL_EXITS,
    SIGNAL_STATE = CALL_SIGNAL_STATE,
    SIGRETURN = CALL_SIGRETURN,
    SENDS = CALL_SENDS,
    COPIES_OUT = CALL_COPIES_OUT,
    FAST = CALL_FAST,
    OUT_ON_ERROR = CALL_OUT_ON_ERROR,
};

#define ARG(kind, of, bytes)                                                                       \
    {                                                                                              \
        ARG_##kind, of, bytes                                                                      \
    }

#define INT ARG(INT, 0, 0)
#define UINT ARG(UINT, 0, 0)
#define HEX ARG(HEX, 0, 0)
#define SIZE ARG(SIZE, 0, 0)
#define FD ARG(FD, 0, 0)
#define MODE ARG(MODE, 0, 0)
#define FLAGS(set) ARG(FLAGS, 0, FLAG_SET_##set)
#define SIGNAL ARG(SIGNAL, 0, 0)
#define PID ARG(PID, 0, 0)
#define ADDRESS ARG(ADDRESS, 0, 0)
#define OFFSET ARG(OFFSET, 0, 0)

#define STRING ARG(STRING, 0, 0)
#define IN(bytes) ARG(IN, 0, bytes)
#define IN_SIZED(of, bytes) ARG(IN_SIZED, of, bytes)
#define IN_IOVEC(of) ARG(IN_IOVEC, of, 0)
#define IN_MSGHDR ARG(IN_MSGHDR, 0, 0)
#define IN_MMSGHDR(of) ARG(IN_MMSGHDR, of, 0)
#define IN_STRINGS ARG(IN_STRINGS, 0, 0)

#define OUT(bytes) ARG(OUT, 0, bytes)
#define OUT_SIZED(of, bytes) ARG(OUT_SIZED, of, bytes)
#define OUT_RESULT(of, bytes) ARG(OUT_RESULT, of, bytes)
#define OUT_LENGTH(of, bytes) ARG(OUT_LENGTH, of, bytes)
#define OUT_IOVEC(of) ARG(OUT_IOVEC, of, 0)
#define OUT_MSGHDR ARG(OUT_MSGHDR, 0, 0)
#define OUT_MMSGHDR(of) ARG(OUT_MMSGHDR, of, 0)
#define INOUT(bytes) ARG(INOUT, 0, bytes)
#define INOUT_SIZED(of, bytes) ARG(INOUT_SIZED, of, bytes)
#define IRREGULAR ARG(IRREGULAR, 0, 0)

#define CALL(number, name_, flags_, ...)                                                           \
    [number] = {.name = #name_, .flags = (flags_), .argument = {__VA_ARGS__}},
#define REFUSED(number, name_, error, reason_, ...)                                                \
    [number] = {.name = #name_,                                                                    \
                .flags = CALL_REFUSED,                                                             \
                .refusal = -(error),                                                               \
                .reason = (reason_),                                                               \
                .argument = {__VA_ARGS__}},

static const struct call_row rows[] = {
#include "engine/syscall/x86_64.def"
};

const struct call_row *call_row(uint64_t number)
{
    if (number >= ARRAY_LENGTH(rows) || !rows[number].name)
        return NULL;
    return &rows[number];
}

size_t call_row_count(void)
{
    return ARRAY_LENGTH(rows);
}
