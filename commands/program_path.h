/*
 * The program that the user names, found and looked at before anything is started.
 */
#ifndef REEL_COMMANDS_PROGRAM_PATH_H
#define REEL_COMMANDS_PROGRAM_PATH_H

#include "engine/base/error.h"

/* The file that execvp(3) would execute for `name`, on the heap; or why it cannot be recorded: it
 * is missing, a directory, not executable, or a 32-bit program. */
struct error *program_path(const char *name, char **ret) MUST_CHECK;

#endif
