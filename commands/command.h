/*
 * A command describes itself; main.c lists the commands and dispatches. One command a file:
 * cmd_NAME.c.
 */
#ifndef REEL_COMMANDS_COMMAND_H
#define REEL_COMMANDS_COMMAND_H

/* Exit statuses of reel itself; record and replay -a otherwise exit as the program did. */
enum command_status { COMMAND_OK = 0, COMMAND_FAILED = 2, COMMAND_DIVERGED = 3 };

struct command {
    const char *name;
    const char *arguments; /* "[OPTIONS] [TRACE]" */
    const char *summary;   /* one line, for the list of commands */
    const char *help;      /* the options, a line each, for `reel NAME --help` */
    /* argv[0] is the command's name; returns the exit status. Reports its own errors. */
    int (*run)(int argc, char **argv);
};

extern const struct command cmd_record, cmd_replay, cmd_ps, cmd_info, cmd_dump, cmd_verify, cmd_ls,
    cmd_rm, cmd_doctor;

#endif
