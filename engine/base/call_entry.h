/*
 * A system call that was made without a stop, as bytes: what the hook in a tracee appends to its
 * buffer, what the trace keeps as it is (FORMAT.md, CALLS), and what the hook in a vessel takes.
 *
 *   call_entry | call_output, its bytes, zeros up to a multiple of 8 | call_output … | next entry
 *
 * Numbers are little-endian, as the processor has them. Bytes from a tracee or a trace are junk
 * until call_entries_check() has seen them. They may lie anywhere: copy structs out of them.
 */
#ifndef REEL_BASE_CALL_ENTRY_H
#define REEL_BASE_CALL_ENTRY_H

#include "engine/base/types.h"

struct call_entry {
    uint32_t bytes;  /* of all of the entry: a multiple of 8 */
    uint16_t number; /* of the call */
    uint8_t outputs; /* that follow */
    uint8_t printed; /* 0; or 1, 2: it wrote `result` bytes (not negative) from argument[1] to
                        reel's own stdout or stderr */
    uint64_t rip;    /* behind the syscall instruction */
    uint64_t rsp;
    uint64_t argument[6]; /* rdi, rsi, rdx, r10, r8, r9 */
    int64_t result;
};

/* Memory that the call wrote. */
struct call_output {
    uint64_t address;
    uint64_t bytes;
};

#define CALL_ENTRY_BYTES_MAX (128u << 10)
#define CALL_OUTPUTS_MAX 16

/* How many whole, well-formed entries `bytes` begins with, and how many bytes they are. */
struct call_entries {
    size_t count, size;
};
struct call_entries call_entries_check(const uint8_t *bytes, size_t size);

/* The first entry, and after that the outputs in turn: *ret and *bytes of the output `at` bytes
 * into the entry; returns where the next one is. Only of what was checked. */
struct call_entry call_entry_at(const uint8_t *entry);
size_t call_output_at(const uint8_t *entry, size_t at, struct call_output *ret,
                      const uint8_t **bytes);

#endif
