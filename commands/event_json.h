/*
 * Events as JSON objects: the same as event_text.h says, with the fields by name.
 */
#ifndef REEL_COMMANDS_EVENT_JSON_H
#define REEL_COMMANDS_EVENT_JSON_H

#include "commands/json_text.h"
#include "trace-format/event.h"

/* Without effects and registers, which are added on request. */
json_t *event_json(uint32_t stream, const struct event *event);

/* With `bytes`, contents as hexadecimal digits, at most EFFECT_BYTES_SHOWN of them. */
json_t *effects_json(const struct event *event, bool bytes);

/* Those that the event has of `before`, or `after`. */
json_t *registers_json(const struct event *event, bool after);

#define EFFECT_BYTES_SHOWN 256

#endif
