/*
 * libFuzzer: any bytes from a client. They go through the parser as they are, and each packet that
 * comes out goes to the server's handlers, over the invented run of tests/fake/machine.c. Seeds are
 * conversations: `$packet#cc` after `$packet#cc`.
 *
 *   cmake -B build-fuzz -DREEL_FUZZ=ON -DCMAKE_C_COMPILER=clang &&
 * build-fuzz/tests/fuzz/fuzz_gdb_packet
 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "replay/gdb/gdb_session.h"
#include "tests/fake/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Sums need not be right, or the fuzzer would spend its time on finding them. */
static void dispatch_loosely(struct gdb_session *session, struct gdb_parser *parser, uint8_t byte)
{
    enum gdb_input input = gdb_parser_feed(parser, byte);
    if (input == GDB_INPUT_PACKET || input == GDB_INPUT_BAD)
        gdb_dispatch(session, &parser->payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    int ends[2];
    struct gdb_parser parser = {0};
    struct cpu_features features = {.xcr0 = 0x2e7};
    struct gdb_session session = {.target = machine_run(4), .features = &features};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return 0;
    gdb_link_init(&session.link, ends[0], -1);
    gdb_files_init(&session);
    for (size_t i = 0; i < size && !session.over && !session.broken; i++)
        dispatch_loosely(&session, &parser, bytes[i]);
    error_free(session.broken);
    gdb_points_clear(&session);
    gdb_files_deinit(&session);
    gdb_checkpoints_deinit(&session);
    buffer_deinit(&session.reply);
    gdb_link_deinit(&session.link);
    gdb_parser_deinit(&parser);
    target_close(session.target);
    close(ends[1]);
    return 0;
}
