/*
 * The payloads of the header frame and the end frame (FORMAT.md).
 *
 * The header's payload begins with two numbers that never move: the version, and the oldest version
 * of a reader that can read the trace. A reader that is too old says so before it looks further.
 */
#ifndef REEL_TRACE_FORMAT_HEADER_CODE_H
#define REEL_TRACE_FORMAT_HEADER_CODE_H

#include "engine/base/bytes.h"
#include "trace-format/header.h"

/* Appends the payload. Paths of more than 16 KiB are cut; arguments are left out from the first one
 * on that would not fit into the frame, and "..." stands for them. */
void trace_header_encode(const struct trace_header *header, struct buffer *buffer);
void trace_end_encode(const struct trace_end *end, struct buffer *buffer);

/* Strings of *ret are on the heap, freed by trace_header_deinit(), also after an error. */
struct error *trace_header_decode(const uint8_t *bytes, size_t size,
                                  struct trace_header *ret) MUST_CHECK;
void trace_header_deinit(struct trace_header *header);
struct error *trace_end_decode(const uint8_t *bytes, size_t size, struct trace_end *ret) MUST_CHECK;

/* A copy of a NULL-terminated list of strings, in one block; NULL without memory. */
const char *const *strings_copy(const char *const *strings);

#endif
