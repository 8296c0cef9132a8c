/* Reading memory. What a target shows never contains a trap of ours. */
#include <stdlib.h>

#include "engine/base/cleanup.h"
#include "replay/gdb/gdb_session.h"

#define READ_LIMIT ((GDB_PACKET_BYTES - 64) / 2) /* two digits a byte */

/* `m ADDRESS,LENGTH`: what can be read of it; an error if that is nothing. */
struct error *gdb_on_read_memory(struct gdb_session *session, struct gdb_scan *arguments)
{
    taddr address = taddr_of(gdb_scan_hex(arguments));
    gdb_scan_expect(arguments, ',');
    uint64_t size = gdb_scan_hex(arguments);
    if (arguments->failed)
        return gdb_refuse("malformed");
    if (size > READ_LIMIT)
        size = READ_LIMIT;
    CLEANUP(free) uint8_t *bytes = malloc(size + 1);
    if (!bytes)
        return &err_no_memory;
    size_t got = size ? target_read(session->target, address, bytes, size) : 0;
    if (size && got == 0)
        return gdb_refuse("not mapped");
    gdb_put_hex(&session->reply, bytes, got);
    return NULL;
}
