/*
 * Events and effects in words: what `reel dump` prints behind the numbers, a line without its
 * newline each.
 */
#ifndef REEL_COMMANDS_EVENT_TEXT_H
#define REEL_COMMANDS_EVENT_TEXT_H

#include "engine/base/bytes.h"
#include "engine/syscall/call_model.h"
#include "trace-format/event.h"

void event_text(struct buffer *buffer, const struct event *event);
void effect_text(struct buffer *buffer, const struct effect *effect);

/* The call that `event` enters, leaves or is. */
struct call event_call(const struct event *event);

/* What an INSTRUCTION event of a counter or random number gave. */
uint64_t event_answer(const struct event *event);

/* "r-x": PROT_* as /proc/PID/maps has them. */
const char *protection_text(uint32_t protection);

/* printf(3) to the end of a buffer, at most 255 bytes; not for strings from a trace. */
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
