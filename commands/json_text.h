/*
 * What libjansson leaves to us: strings that may not be UTF-8, addresses, and lines of output.
 *
 * JSON numbers hold 53 bits in many readers: addresses, hashes and register values are written as
 * strings "0x…", counts as numbers. Memory running out while an object is built leaves members out;
 * Linux kills us before that happens.
 */
#ifndef REEL_COMMANDS_JSON_TEXT_H
#define REEL_COMMANDS_JSON_TEXT_H

#include <jansson.h>

#include "engine/base/types.h"

/* A JSON string; each byte that is no UTF-8 becomes U+FFFD. NULL gives null. */
json_t *json_text(const char *string);

/* An array of strings from a NULL-terminated array. */
json_t *json_words(const char *const *words);

json_t *json_hex(uint64_t value);
json_t *json_count(uint64_t value); /* at most INT64_MAX, as jansson stores it */

/* `value` becomes object's or array's own. */
void json_put(json_t *object, const char *key, json_t *value);

/* Prints `value` on standard output and frees it: on one line, or indented for people. */
void json_print_line(json_t *value);
void json_print(json_t *value);

#endif
