/*
 * reel: lists the commands and dispatches. Everything else a command says for itself (command.h).
 */
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "engine/base/types.h"

static const struct command *const commands[] = {
    &cmd_record, &cmd_replay, &cmd_ps, &cmd_info,   &cmd_dump,
    &cmd_verify, &cmd_ls,     &cmd_rm, &cmd_doctor,
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_overview(void)
{
    puts("reel records a run of a program once and replays it, forwards and backwards.\n\n"
         "usage: reel COMMAND [OPTIONS] [ARGUMENTS]\n");
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
        printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
    puts("\n`reel COMMAND --help` describes one; `reel --version` says the version.");
}

static void print_help(const struct command *command)
{
    printf("usage: reel %s %s\n\n%s\n", command->name, command->arguments, command->summary);
    if (command->help && *command->help)
        printf("\n%s", command->help);
}

/* Only the first argument: `reel record ls --help` asks ls. */
static bool asks_for_help(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--help") == 0;
}

static int run_command(int argc, char **argv)
{
    const struct command *command = find_command(argv[0]);
    if (!command) {
        fprintf(stderr, "reel: there is no command %s; `reel --help` lists them\n", argv[0]);
        return COMMAND_FAILED;
    }
    if (!asks_for_help(argc, argv))
        return command->run(argc, argv);
    print_help(command);
    return COMMAND_OK;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    if (strcmp(word, "--version") == 0) {
        puts("reel version " REEL_VERSION); /* tools parse this line */
        return COMMAND_OK;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_overview();
        return COMMAND_OK;
    }
    return run_command(argc - 1, argv + 1);
}
