#include "commands/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char try_help[] = "see `reel COMMAND --help`";

/* What getopt_long returns for rule number i that has no letter. */
#define LONG_ONLY 256

struct getopt_tables {
    char letters[3 + 2 * OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
};

static void add_rule(struct getopt_tables *tables, const struct option_rule *rule, size_t index,
                     char **letter, struct option **option)
{
    if (rule->letter) {
        *(*letter)++ = rule->letter;
        if (rule->text)
            *(*letter)++ = ':';
    }
    if (rule->name)
        *(*option)++ = (struct option){
            .name = rule->name,
            .has_arg = rule->text && rule->flag ? optional_argument
                       : rule->text             ? required_argument
                                                : no_argument,
            .val = LONG_ONLY + (int)index,
        };
}

static void make_tables(const struct option_rule *rules, size_t count, enum options_order order,
                        struct getopt_tables *ret)
{
    memset(ret, 0, sizeof(*ret));
    char *letter = ret->letters;
    struct option *option = ret->longs;
    if (order == OPTIONS_FIRST)
        *letter++ = '+';
    *letter++ = ':'; /* a missing argument gives ':' and not '?' */
    for (size_t i = 0; i < count; i++)
        add_rule(ret, &rules[i], i, &letter, &option);
}

static const struct option_rule *find_rule(const struct option_rule *rules, size_t count, int value)
{
    if (value >= LONG_ONLY)
        return &rules[value - LONG_ONLY];
    for (size_t i = 0; i < count; i++)
        if (rules[i].letter == value)
            return &rules[i];
    return NULL;
}

/* getopt names a bad letter in optopt, and a bad word only by its place in argv. */
static struct error *bad_option(int kind, char **argv)
{
    const char *word = argv[optind - 1];
    bool is_letter = optopt > 0 && optopt < LONG_ONLY && strncmp(word, "--", 2) != 0;
    if (kind == ':')
        return is_letter ? error_new(try_help, "option -%c needs an argument", optopt)
                         : error_new(try_help, "option %s needs an argument", word);
    return is_letter ? error_new(try_help, "%s has no option -%c", argv[0], optopt)
                     : error_new(try_help, "%s has no option %s", argv[0], word);
}

struct error *options_parse(int argc, char **argv, const struct option_rule *rules, size_t count,
                            enum options_order order, int *ret_first)
{
    if (count > OPTIONS_MAX)
        return error_new(NULL, "%s has more than %d options", argv[0], OPTIONS_MAX);
    struct getopt_tables tables;
    make_tables(rules, count, order, &tables);
    opterr = 0;
    optind = 0; /* glibc: start anew, with another argv */
    int value;
    while ((value = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
        if (value == '?' || value == ':')
            return bad_option(value, argv);
        const struct option_rule *rule = find_rule(rules, count, value);
        if (rule->text)
            *rule->text = optarg;
        if (rule->flag)
            *rule->flag = true;
    }
    *ret_first = optind;
    return NULL;
}

int options_before_dashes(int argc, char **argv)
{
    int count = 1;
    while (count < argc && strcmp(argv[count], "--") != 0)
        count++;
    return count < argc ? count : argc;
}

struct error *option_number(const char *what, const char *text, uint64_t maximum, uint64_t *ret)
{
    char *end = NULL;
    errno = 0;
    int base = strncmp(text, "0x", 2) == 0 ? 16 : 10; /* never octal: 010 is ten */
    unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, base) : 0;
    if (!end || *end || errno)
        return error_new(try_help, "%s is not a number: %s", what, text);
    if (value > maximum)
        return error_new(NULL, "%s is too large: %s (at most %llu)", what, text,
                         (unsigned long long)maximum);
    *ret = value;
    return NULL;
}

struct error *options_operands(int argc, char **argv, int first, int most)
{
    if (argc - first <= most)
        return NULL;
    return error_new(try_help, "%s: one argument too many: %s", argv[0], argv[first + most]);
}

struct error *options_json_and_trace(int argc, char **argv, bool *ret_json, const char **ret_name)
{
    const struct option_rule rules[] = {{.name = "json", .flag = ret_json}};
    int first;
    *ret_json = false;
    struct error *error =
        options_parse(argc, argv, rules, ARRAY_LENGTH(rules), OPTIONS_ANYWHERE, &first);
    if (error)
        return error;
    *ret_name = argv[first];
    return options_operands(argc, argv, first, 1);
}
