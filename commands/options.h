/*
 * A command's options as a table, over getopt_long(3).
 *
 *     bool json = false;
 *     const char *stream = NULL;
 *     const struct option_rule rules[] = {
 *         {.name = "json", .flag = &json},
 *         {.letter = 's', .name = "stream", .text = &stream},
 *     };
 *     int first;
 *     error = options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
 *
 * Operands then are argv[first] to argv[argc - 1]. `--` ends the options in either order.
 */
#ifndef REEL_COMMANDS_OPTIONS_H
#define REEL_COMMANDS_OPTIONS_H

#include "engine/base/error.h"
#include "engine/base/types.h"

struct option_rule {
    char letter;       /* 0: only the long form */
    const char *name;  /* without its dashes; NULL: only the letter */
    bool *flag;        /* an option without argument sets it, or … */
    const char **text; /* … an option with one stores it. The last of several wins. With both, the
                          argument is optional (--name=TEXT); only for long forms */
};

#define OPTIONS_MAX 40

enum options_order {
    OPTIONS_ANYWHERE, /* options may follow operands; argv is permuted */
    OPTIONS_FIRST,    /* the first operand ends them: what follows belongs to another program */
};

struct error *options_parse(int argc, char **argv, const struct option_rule *rules, size_t count,
                            enum options_order order, int *ret_first) MUST_CHECK;

/*
 * For commands that pass words on to another program (`replay TRACE -- GDB-ARGUMENTS`): how many
 * words come before the first `--`; all without one. Parse only those; argv[count + 1] and on are
 * the other program's.
 */
int options_before_dashes(int argc, char **argv);

/* The number that `text` is, decimal or 0x…, at most `maximum`; `what` names it in the error. */
struct error *option_number(const char *what, const char *text, uint64_t maximum,
                            uint64_t *ret) MUST_CHECK;

/* An error unless at most `most` operands are there. */
struct error *options_operands(int argc, char **argv, int first, int most) MUST_CHECK;

/* The commonest command line: `[--json] [TRACE]`; *ret_name is NULL without a trace. */
struct error *options_json_and_trace(int argc, char **argv, bool *ret_json,
                                     const char **ret_name) MUST_CHECK;

#endif
