/*
 * Sizes, times and wait statuses as people read them. Each writes into a buffer of HUMAN_TEXT bytes
 * and returns it.
 */
#ifndef REEL_COMMANDS_HUMAN_TEXT_H
#define REEL_COMMANDS_HUMAN_TEXT_H

#include "engine/base/types.h"

#define HUMAN_TEXT 64

char *size_text(uint64_t bytes, char *ret);           /* "999 B", "1.5 MB": powers of 1000 */
char *duration_text(uint64_t nanoseconds, char *ret); /* "350 µs", "1.25 s", "3 min 2 s" */
char *date_text(uint64_t seconds, char *ret);         /* "2026-11-23 14:52:58", local time */
char *wait_status_text(uint32_t status, char *ret);   /* "exit 1", "SIGSEGV (core dumped)" */

/* rr's column EXIT: the exit status, or minus the number of the signal. */
int exit_number(uint32_t wait_status);

#endif
