/*
 * Strings from a trace on a terminal. A trace may come from a stranger, and an escape sequence in a
 * file name can retitle, recolour or type into a terminal: nothing but printable characters and
 * spaces goes out as it is.
 */
#ifndef REEL_COMMANDS_TERMINAL_TEXT_H
#define REEL_COMMANDS_TERMINAL_TEXT_H

#include <stdio.h>

#include "engine/base/bytes.h"

/*
 * Appends `string` without a NUL. Control characters (C0, DEL, C1), the marks that turn the
 * direction of text, and bytes that are no UTF-8 become \n, \t, \r or \xNN a byte; a backslash
 * becomes two, so that what is shown can be told from what is escaped.
 */
void terminal_text(struct buffer *buffer, const char *string, size_t length);

/* The same to a stdio stream; for NUL-terminated strings. */
void print_text(FILE *file, const char *string);

/* Each of a NULL-terminated array, with a space between. */
void print_words(FILE *file, const char *const *words);

#endif
