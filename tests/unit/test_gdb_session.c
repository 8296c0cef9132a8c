/*
 * Whole sessions over a socket, against the invented run of tests/fake/machine.c: each test is a
 * conversation, packet and reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "replay/gdb/gdb_packet.h"
#include "replay/gdb/gdb_server.h"
#include "tests/fake/history.h"

#define ROUNDS 6

struct fixture {
    struct target *target;
    struct gdb_server *server;
    struct gdb_serve_options options;
    struct cpu_features features;
    pthread_t thread;
    struct error *result;
    int fd;
    struct gdb_parser parser;
    char reply[3 * GDB_PACKET_BYTES];
};

static void *serve(void *argument)
{
    struct fixture *fixture = argument;
    fixture->result = gdb_server_serve(fixture->server, fixture->target, &fixture->options);
    return NULL;
}

static int connect_to(const struct fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)gdb_server_port(fixture->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static struct fixture *start(bool keep)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->target = machine_run(ROUNDS);
    fixture->features.xcr0 = 7;
    fixture->options =
        (struct gdb_serve_options){.features = &fixture->features, .keep = keep, .end_fd = -1};
    if (keep)
        fixture->options.end_fd = eventfd(0, 0);
    assert_null(gdb_server_listen(NULL, 0, &fixture->server));
    pthread_create(&fixture->thread, NULL, serve, fixture);
    fixture->fd = connect_to(fixture);
    return fixture;
}

/* The client leaves; the server must come to its end without an error. */
static void finish(struct fixture *fixture)
{
    close(fixture->fd);
    if (fixture->options.keep)
        eventfd_write(fixture->options.end_fd, 1);
    pthread_join(fixture->thread, NULL);
    assert_null(fixture->result);
    if (fixture->options.keep)
        close(fixture->options.end_fd);
    gdb_server_close(fixture->server);
    gdb_parser_deinit(&fixture->parser);
    target_close(fixture->target);
    free(fixture);
}

static void send_raw(struct fixture *fixture, const void *bytes, size_t size)
{
    assert_int_equal(send(fixture->fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

static void send_packet(struct fixture *fixture, const char *payload)
{
    struct buffer frame = {0};
    gdb_packet_frame(&frame, payload, strlen(payload));
    send_raw(fixture, frame.data, frame.size);
    buffer_deinit(&frame);
}

/* The next thing from the server but acknowledgements; GDB_INPUT_CLOSED at the end. */
static enum gdb_input receive(struct fixture *fixture)
{
    uint8_t byte;
    struct pollfd wait = {.fd = fixture->fd, .events = POLLIN};
    for (;;) {
        assert_int_equal(poll(&wait, 1, 10000), 1);
        if (recv(fixture->fd, &byte, 1, 0) != 1)
            return GDB_INPUT_CLOSED;
        enum gdb_input input = gdb_parser_feed(&fixture->parser, byte);
        if (input != GDB_INPUT_NOTHING && input != GDB_INPUT_ACK)
            return input;
    }
}

static const char *receive_reply(struct fixture *fixture)
{
    assert_int_equal(receive(fixture), GDB_INPUT_PACKET);
    size_t size = fixture->parser.payload.size;
    if (size)
        memcpy(fixture->reply, fixture->parser.payload.data, size);
    fixture->reply[size] = 0;
    return fixture->reply;
}

static const char *ask(struct fixture *fixture, const char *payload)
{
    send_packet(fixture, payload);
    return receive_reply(fixture);
}

static void expect(struct fixture *fixture, const char *payload, const char *reply)
{
    assert_string_equal(ask(fixture, payload), reply);
}

static void expect_start(struct fixture *fixture, const char *payload, const char *beginning)
{
    const char *reply = ask(fixture, payload);
    if (strncmp(reply, beginning, strlen(beginning)) != 0)
        assert_string_equal(reply, beginning);
}

static void expect_part(struct fixture *fixture, const char *payload, const char *part)
{
    const char *reply = ask(fixture, payload);
    if (!strstr(reply, part))
        assert_string_equal(reply, part);
}

/* What a monitor command prints, as text. */
static void expect_monitor(struct fixture *fixture, const char *command, const char *text)
{
    struct buffer packet = {0}, out = {0};
    gdb_put_text(&packet, "qRcmd,");
    gdb_put_hex_text(&packet, command);
    buffer_put_u8(&packet, 0);
    const char *reply = ask(fixture, (const char *)packet.data);
    struct gdb_scan scan = gdb_scan_of(reply, strlen(reply));
    gdb_scan_hex_bytes(&scan, &out);
    assert_string_equal((char *)out.data, text);
    buffer_deinit(&packet);
    buffer_deinit(&out);
}

static struct fixture *start_gdb(void)
{
    struct fixture *fixture = start(false);
    expect_part(fixture, "qSupported:multiprocess+;swbreak+;hwbreak+;xmlRegisters=i386",
                ";ReverseStep+;ReverseContinue+;");
    expect(fixture, "QStartNoAckMode", "OK");
    expect(fixture, "!", "OK");
    return fixture;
}

static struct fixture *start_delve(void)
{
    struct fixture *fixture = start(false);
    expect(fixture, "QStartNoAckMode", "OK");
    expect(fixture, "QThreadSuffixSupported", "");
    expect_start(fixture, "qSupported:swbreak+;hwbreak+;multiprocess+", "PacketSize=20000;");
    expect(fixture, "Hgp0.0", "OK");
    return fixture;
}

static void unknown_packets_are_unsupported(void **state)
{
    static const char *const packets[] = {
        "vMustReplyEmpty",
        "qRegisterInfo0",
        "QListThreadsInStopReply",
        "x0,0",
        "X1000,1:a",
        "qThreadStopInfo64",
        "qTStatus",
        "qProcessInfo",
        "qCRC:0,1",
        "vUnknown",
        "",
        "gg",
        "qCx",
    };
    struct fixture *fixture = start_gdb();
    for (size_t i = 0; i < ARRAY_LENGTH(packets); i++)
        expect(fixture, packets[i], "");
    finish(fixture);
}

static void first_questions(void **state)
{
    struct fixture *fixture = start_gdb();
    expect(fixture, "vCont?", "vCont;c;C;s;S;r");
    expect_start(fixture, "?", "T05thread:p64.64;06:0404040404040404;07:");
    expect(fixture, "qC", "QCp64.64");
    expect(fixture, "qAttached:64", "1");
    expect(fixture, "qSymbol::", "OK");
    expect(fixture, "QNonStop:0", "OK");
    expect(fixture, "QNonStop:1", "E01");
    expect(fixture, "vCtrlC", "OK");
    expect(fixture, "QProgramSignals:0;1", "OK");
    expect(fixture, "qfThreadInfo", "mp64.64,p64.65");
    expect(fixture, "qsThreadInfo", "l");
    expect(fixture, "Tp64.65", "OK");
    expect(fixture, "Tp64.66", "E01");
    expect(fixture, "Hgp64.66", "E01");
    expect(fixture, "Hcp-1.-1", "OK");
    expect(fixture, "Hc-1", "OK");
    expect(fixture, "Hz1", "E01");
    finish(fixture);
}

static void threads_without_multiprocess(void **state)
{
    struct fixture *fixture = start(false);
    expect_start(fixture, "qSupported", "PacketSize=20000;multiprocess+;Reverse");
    expect(fixture, "qfThreadInfo", "m64,65");
    expect_start(fixture, "?", "T05thread:64;");
    expect(fixture, "Z0,1004,1", "OK");
    expect_start(fixture, "c", "T05thread:64;06:"); /* swbreak was not negotiated */
    finish(fixture);
}

static void documents(void **state)
{
    struct fixture *fixture = start_gdb();
    const char *xml = ask(fixture, "qXfer:features:read:target.xml:0,1000");
    assert_int_equal(xml[0], 'l');
    assert_non_null(strstr(xml, "64bit-avx.xml"));
    assert_null(strstr(xml, "avx512"));
    assert_null(strpbrk(xml, "#$}*{"));
    expect_start(fixture, "qXfer:features:read:target.xml:0,5", "m<?xml");
    expect(fixture, "qXfer:features:read:target.xml:10000,5", "l");
    expect_part(fixture, "qXfer:features:read:64bit-core.xml:0,4000", "\"rip\" bitsize=\"64\"");
    expect(fixture, "qXfer:features:read:64bit-avx512.xml:0,4000", "E01");
    expect(fixture, "qXfer:features:read:../passwd:0,4000", "E01");
    expect(fixture, "qXfer:features:read:target.xml:0", "E01");
    expect(fixture, "qXfer:nothing:read::0,10", "");
    expect(fixture, "qXfer:siginfo:write::0:aa", "E01");
    expect(fixture, "qXfer:siginfo:read::0,80", "E01");
    expect(fixture, "qXfer:exec-file:read:64:0,100", "l/bin/true");
    expect_part(fixture, "qXfer:threads:read::0,1000", "<thread id=\"p64.65\"/>");
    finish(fixture);
}

static void registers(void **state)
{
    struct fixture *fixture = start_gdb();
    const char *all = ask(fixture, "g");
    /* 24 general, 8 st, 8 control, 16 xmm, mxcsr, 3, 16 ymm */
    size_t bytes = 17 * 8 + 7 * 4 + 80 + 32 + 256 + 4 + 24 + 256;
    assert_int_equal(strlen(all), 2 * bytes);
    assert_memory_equal(all + 2 * 128, "0010000000000000", 16); /* rip, after 16 registers */
    expect(fixture, "p0", "0a0a0a0a0a0a0a0a");
    expect(fixture, "p10", "0010000000000000");
    expect(fixture, "p3c", "abababababababababababababababab");
    expect(fixture, "p4c", "E01");
    expect(fixture, "p", "E01");
    expect(fixture, "P10=0000000000000000", "E01");
    expect(fixture, "P10=0010000000000000", "OK"); /* as it is */
    expect(fixture, "P39=ffffffffffffffff", "OK"); /* orig_rax, as gdb does before a resume */
    expect(fixture, "P39", "E01");
    expect(fixture, "Pfff=00", "E01");
    expect(fixture, "G00", "E01");
    expect(fixture, "Hgp64.65", "OK");
    expect(fixture, "p10", "0010000000000000");
    finish(fixture);
}

static void memory(void **state)
{
    struct fixture *fixture = start_gdb();
    expect(fixture, "m1000,4", "01020304");
    expect(fixture, "m1ffe,4", "00000000"); /* into the next page */
    expect(fixture, "m2ffe,10", "0000");    /* what there is */
    expect(fixture, "m5000,4", "E01");
    expect(fixture, "mffffffffffffffff,4", "E01");
    expect(fixture, "m1000", "E01");
    assert_true(strlen(ask(fixture, "m1000,ffffffff")) == 2 * 0x2000);
    expect(fixture, "M1000,1:00", "E01");
    expect(fixture, "Z0,1000,1", "OK");
    expect(fixture, "m1000,1", "01");
    finish(fixture);
}

static void stepping(void **state)
{
    struct fixture *fixture = start_gdb();
    expect_part(fixture, "vCont;s:p64.64;c:p64.-1", "10:0410000000000000");
    expect_monitor(fixture, "when", "0+1\n");
    expect_part(fixture, "vCont;s:p64.65;c:p64.-1", "T05thread:p64.65;");
    expect_monitor(fixture, "when", "1+1\n");
    expect(fixture, "Hcp64.65", "OK");
    expect_start(fixture, "bs", "T05thread:p64.65;06:");
    expect_monitor(fixture, "when", "1+0\n");
    expect_part(fixture, "vCont;r1000,1008:p64.65;c", "10:0810000000000000");
    expect_start(fixture, "S0b", "T05thread:p64.65;");
    expect(fixture, "vCont;s:p64.77", "E01");
    expect(fixture, "vCont;x", "E01");
    expect(fixture, "vCont;r1000:p64.64", "E01");
    expect(fixture, "vCont;", "E01");
    expect(fixture, "s1000", "E01");
    finish(fixture);
}

static void both_ends(void **state)
{
    struct fixture *fixture = start_gdb();
    expect_start(fixture, "bc", "T05thread:p64.64;replaylog:begin;");
    expect_start(fixture, "?", "T05thread:p64.64;06:");
    expect_start(fixture, "vCont;c", "T1ethread:p64.65;06:"); /* SIGUSR1 is gdb's 30 */
    expect_start(fixture, "qXfer:siginfo:read::0,4", "m\n");
    expect_start(fixture, "?", "T1ethread:p64.65;");
    expect_start(fixture, "vCont;C1e", "T14thread:p64.65;"); /* SIGCHLD */
    expect_start(fixture, "vCont;c", "T05thread:p64.65;replaylog:end;");
    expect_start(fixture, "vCont;s:p64.65", "T05thread:p64.65;replaylog:end;");
    expect(fixture, "QPassSignals:14;1e", "OK");
    expect_start(fixture, "bc", "T05thread:p64.64;replaylog:begin;");
    expect_start(fixture, "vCont;c", "T05thread:p64.65;replaylog:end;");
    finish(fixture);
}

static void breakpoints(void **state)
{
    struct fixture *fixture = start_gdb();
    expect(fixture, "Z0,1004,1", "OK");
    expect_start(fixture, "vCont;c", "T05thread:p64.64;swbreak:;");
    expect(fixture, "Z1,1004,1", "OK");
    expect_start(fixture, "vCont;c", "T05thread:p64.65;swbreak:;");
    expect(fixture, "z0,1004,1", "OK"); /* the other one keeps it */
    expect_start(fixture, "vCont;c", "T05thread:p64.64;hwbreak:;");
    expect_start(fixture, "bc", "T05thread:p64.65;hwbreak:;");
    expect(fixture, "z1,1004,1", "OK");
    expect(fixture, "z1,1004,1", "OK"); /* it is gone: nothing happens */
    expect_start(fixture, "bc", "T05thread:p64.64;replaylog:begin;");
    expect(fixture, "Z5,1004,1", "E01");
    expect(fixture, "Z0,1004", "E01");
    expect(fixture, "Z2,1004,0", "E01");
    expect(fixture, "Z2,fffffffffffffff0,20", "E01");
    finish(fixture);
}

static void watchpoints(void **state)
{
    struct fixture *fixture = start_gdb();
    expect(fixture, "Z2,2008,8", "OK");
    expect_start(fixture, "vCont;c", "T05thread:p64.65;watch:2008;");
    expect(fixture, "m2008,1", "01");
    expect_start(fixture, "vCont;c", "T05thread:p64.65;watch:2008;");
    expect(fixture, "m2008,1", "02");
    expect_start(fixture, "bc", "T05thread:p64.65;watch:2008;");
    expect(fixture, "m2008,1", "01"); /* before the write */
    expect(fixture, "z2,2008,8", "OK");
    expect(fixture, "Z3,2000,1", "OK");
    expect_start(fixture, "vCont;c", "T05thread:p64.64;rwatch:2000;");
    expect(fixture, "z3,2000,1", "OK");
    expect(fixture, "Z4,2000,100", "OK");
    expect_start(fixture, "vCont;c", "T05thread:p64.65;awatch:2000;");
    finish(fixture);
}

static void restart(void **state)
{
    struct fixture *fixture = start_gdb();
    expect(fixture, "Z0,1008,1", "OK");
    expect_start(fixture, "vCont;c", "T05thread:p64.64;swbreak:;");
    expect_monitor(fixture, "checkpoint", "Checkpoint 1 at 0+2\n");
    expect(fixture, "vKill;1", "OK");
    expect_start(fixture, "vRun;", "T05thread:p64.64;06:");
    expect_start(fixture, "vCont;c", "T00thread:p64.64;06:"); /* at once */
    expect_monitor(fixture, "when", "0+0\n");
    expect_start(fixture, "vRun;;6331", "T05thread:p64.64;06:"); /* c1 */
    expect_start(fixture, "vCont;c", "T00thread:");
    expect_monitor(fixture, "when", "0+2\n");
    expect_start(fixture, "vRun;2f62;332b31", "T05thread:p64.65;"); /* 3+1 */
    expect_start(fixture, "vCont;c", "T00thread:");
    expect_monitor(fixture, "when", "3+1\n");
    expect_start(fixture, "vCont;c", "T1e"); /* the breakpoint is gone */
    expect(fixture, "vRun;;6339", "E01");    /* c9 */
    expect(fixture, "vRun;;7", "E01");
    send_packet(fixture, "R00");
    expect_monitor(fixture, "when", "0+0\n");
    finish(fixture);
}

static void monitor(void **state)
{
    struct fixture *fixture = start_gdb();
    expect_monitor(fixture, "events", "12\n");
    expect_monitor(fixture, "goto 5+2", "5+2\n");
    expect_start(fixture, "?", "T05thread:p64.65;");
    expect_monitor(fixture, "goto end", "11+0\n");
    expect_monitor(fixture, "goto start", "0+0\n");
    expect_monitor(fixture, "goto", "goto where? (EVENT, EVENT+COUNT, cN, start or end)\n");
    expect_monitor(fixture, "goto 12", "the recording has only 12 events\n");
    expect_monitor(fixture, "goto 1+99", "the recording has no such position\n");
    expect_monitor(fixture, "goto 1x",
                   "no position: '1x' (EVENT, EVENT+COUNT, cN, start or end)\n");
    expect_monitor(fixture, "whence", "no such command: 'whence'; `monitor help` lists them\n");
    expect_monitor(fixture, "", "no such command: ''; `monitor help` lists them\n");
    expect_part(fixture, "qRcmd,68656c70", "7768656e"); /* help has "when" */
    expect(fixture, "qRcmd,6", "E01");
    finish(fixture);
}

static void delve_conversation(void **state)
{
    struct fixture *fixture = start_delve();
    expect_start(fixture, "bc", "T00thread:p64.64;replaylog:begin;");
    expect_start(fixture, "vCont;c", "T1ethread:p64.65;");
    expect_start(fixture, "vCont;c", "T14thread:p64.65;");
    expect_start(fixture, "vCont;c", "T09thread:p64.65;06:");
    expect(fixture, "qfThreadInfo", "mp64.64,p64.65");
    expect(fixture, "Z2,2000,16", "OK"); /* in decimal: not as far as 0x2010 */
    expect(fixture, "z2,2000,16", "OK");
    expect_start(fixture, "vRun;", "T05");
    expect_start(fixture, "vCont;c", "T05thread:p64.64;06:"); /* not 00: that means the start */
    finish(fixture);
}

static void expect_text(struct fixture *fixture, const char *packet, const char *text)
{
    struct buffer hex = {0};
    gdb_put_hex_text(&hex, text);
    buffer_put_u8(&hex, 0);
    expect(fixture, packet, (const char *)hex.data);
    buffer_deinit(&hex);
}

static void delve_commands(void **state)
{
    struct fixture *fixture = start_delve();
    expect_text(fixture, "qRRCmd:7768656e", "0+0\n");
    expect_text(fixture, "qRRCmd:when:-1", "0+0\n");
    expect_text(fixture, "qRRCmd:info checkpoints:-1", "No checkpoints.\n");
    expect_text(fixture, "qRRCmd:checkpoint:-1:6d61696e2e676f", "Checkpoint 1 at main.go\n");
    expect_text(fixture, "qRRCmd:696e666f20636865636b706f696e7473",
                "ID\tWhen\tWhere\n1\t0+0\tmain.go\n");
    expect_text(fixture, "qRRCmd:delete checkpoint:-1:31", "Deleted checkpoint 1.\n");
    expect_text(fixture, "qRRCmd:info checkpoints:-1", "No checkpoints.\n");
    expect_text(fixture, "qRRCmd:delete checkpoint:-1:31", "no checkpoint number '1'\n");
    expect(fixture, "qRRCmd:when:-1:7", "E01");
    finish(fixture);
}

static void files(void **state)
{
    struct fixture *fixture = start_gdb();
    struct buffer packet = {0};
    expect(fixture, "vFile:setfs:0", "F0");
    expect(fixture, "vFile:open:2f62696e2f74727565,0,1c0", "F0"); /* /bin/true, recorded */
    const char *bytes = ask(fixture, "vFile:pread:0,4,0");
    assert_memory_equal(bytes,
                        "F4;\x7f"
                        "ELF",
                        7);
    expect_start(fixture, "vFile:fstat:0", "F40;");
    expect(fixture, "vFile:close:0", "F0");
    expect(fixture, "vFile:close:0", "F-1,9");
    expect(fixture, "vFile:pread:ffffffffffff,4,0", "F-1,9");
    expect(fixture, "vFile:open:2f62696e2f74727565,1,1c0", "F-1,1e"); /* for writing */
    expect(fixture, "vFile:open:2f6e6f6e65,0,0", "F-1,2");
    expect(fixture, "vFile:open:2f746d70,0,0", "F-1,d"); /* a directory */
    expect(fixture, "vFile:open:2f,0", "F-1,d");
    expect(fixture, "vFile:open:,0", "F-1,16");
    expect(fixture, "vFile:open:6100,0", "F-1,16"); /* NUL in the name */
    gdb_put_text(&packet, "vFile:open:");
    gdb_put_hex_text(&packet, "/proc/self/maps");
    gdb_put_text(&packet, ",0,0%c", 0);
    expect(fixture, (const char *)packet.data, "F-1,2");
    buffer_deinit(&packet);
    expect(fixture, "vFile:unlink:2f", "F-1,1e");
    expect(fixture, "vFile:what:2f", "");
    for (unsigned i = 0; i < 16; i++)
        expect_start(fixture, "vFile:open:2f62696e2f74727565,0,1c0", "F");
    expect(fixture, "vFile:open:2f62696e2f74727565,0,1c0", "F-1,18");
    finish(fixture);
}

static void interrupt(void **state)
{
    struct fixture *fixture = start_gdb();
    expect(fixture, "QPassSignals:14;1e", "OK");
    fixture->target->moment_microseconds = 100000; /* the whole run takes seconds */
    send_packet(fixture, "vCont;c");
    usleep(50000);
    send_raw(fixture, "\x03", 1);
    assert_memory_equal(receive_reply(fixture), "T02thread:", 10);
    send_raw(fixture, "$vCont;c#a8\x03", 12); /* right behind the packet */
    assert_memory_equal(receive_reply(fixture), "T02thread:", 10);
    send_raw(fixture, "\x03", 1); /* nothing runs: it has no answer */
    expect(fixture, "qC", "QCp64.64");
    send_packet(fixture, "vCont;c");
    finish(fixture); /* leaving ends the run, too */
}

static void acknowledgements(void **state)
{
    struct fixture *fixture = start(false);
    char bytes[8] = {0};
    send_raw(fixture, "$qC#00", 6);
    assert_int_equal(recv(fixture->fd, bytes, 1, MSG_WAITALL), 1);
    assert_int_equal(bytes[0], '-');
    send_raw(fixture, "$qC#b4", 6);
    assert_int_equal(recv(fixture->fd, bytes, 8, MSG_WAITALL), 8);
    assert_memory_equal(bytes, "+$QC64#f", 8);
    recv(fixture->fd, bytes, 1, 0);
    send_raw(fixture, "-", 1);
    assert_string_equal(receive_reply(fixture), "QC64");
    expect(fixture, "QStartNoAckMode", "OK");
    send_raw(fixture, "-+$qC#00", 8); /* neither answered nor repeated any more */
    expect(fixture, "qC", "QC64");
    finish(fixture);
}

static void detach_and_kill(void **state)
{
    struct fixture *fixture = start_gdb();
    expect(fixture, "D;64", "OK");
    assert_int_equal(receive(fixture), GDB_INPUT_CLOSED);
    finish(fixture);
    fixture = start_gdb();
    send_packet(fixture, "k");
    assert_int_equal(receive(fixture), GDB_INPUT_CLOSED);
    finish(fixture);
}

static void next_client_finds_no_breakpoints(void **state)
{
    struct fixture *fixture = start(true);
    expect(fixture, "Z0,1004,1", "OK");
    expect_start(fixture, "c", "T05thread:64;");
    close(fixture->fd);
    fixture->fd = connect_to(fixture);
    expect(fixture, "QStartNoAckMode", "OK");
    expect_monitor(fixture, "when", "0+1\n");
    expect_start(fixture, "c", "T1ethread:65;");
    finish(fixture);
}

static void busy_port_is_an_error(void **state)
{
    struct gdb_server *one, *other;
    assert_null(gdb_server_listen("localhost", 0, &one));
    struct error *error = gdb_server_listen("localhost", gdb_server_port(one), &other);
    assert_non_null(error);
    assert_non_null(strstr(error_message(error), "in use"));
    error_free(error);
    error = gdb_server_listen(NULL, 70000, &other);
    assert_non_null(error);
    error_free(error);
    gdb_server_close(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_packets_are_unsupported),
        cmocka_unit_test(first_questions),
        cmocka_unit_test(threads_without_multiprocess),
        cmocka_unit_test(documents),
        cmocka_unit_test(registers),
        cmocka_unit_test(memory),
        cmocka_unit_test(stepping),
        cmocka_unit_test(both_ends),
        cmocka_unit_test(breakpoints),
        cmocka_unit_test(watchpoints),
        cmocka_unit_test(restart),
        cmocka_unit_test(monitor),
        cmocka_unit_test(delve_conversation),
        cmocka_unit_test(delve_commands),
        cmocka_unit_test(files),
        cmocka_unit_test(interrupt),
        cmocka_unit_test(acknowledgements),
        cmocka_unit_test(detach_and_kill),
        cmocka_unit_test(next_client_finds_no_breakpoints),
        cmocka_unit_test(busy_port_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
