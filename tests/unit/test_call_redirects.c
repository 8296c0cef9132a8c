/* Redirects: single forms, and for all rows the property that outputs lie inside of pieces. */
#include "call_fixture.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define NET_IFCONF 0x8912
#define AREA(i) (ARENA_BASE + 0x10000ull * ((i) + 1))
#define NESTED (ARENA_BASE + 0x80000ull)

static struct call_redirects redirects_of(struct call call)
{
    struct call_redirects redirects = {0};
    assert_null(call_redirects(&call, &arena_view, &redirects));
    return redirects;
}

static void expect_piece(const struct call_redirects *redirects, size_t index, int parent,
                         uint64_t place, uint64_t address, uint64_t length, bool copy_in)
{
    assert_true(index < redirects->count);
    const struct call_redirect *piece = &redirects->redirect[index];
    assert_int_equal(piece->parent, parent);
    assert_int_equal(parent < 0 ? piece->argument : piece->offset, place);
    assert_int_equal(piece->address.value, address);
    assert_int_equal(piece->length, length);
    assert_int_equal(piece->copy_in, copy_in);
}

static void read_buffer(void **state)
{
    struct call_redirects pieces = redirects_of(CALL_OF(__NR_read, 0, 3, AREA(0), 100));
    assert_int_equal(pieces.count, 1);
    expect_piece(&pieces, 0, -1, 1, AREA(0), 100, false);
    call_redirects_deinit(&pieces);
}

static void message_with_all_parts(void **state)
{
    poke_message(AREA(0), AREA(1), 16, AREA(2), 2, AREA(3), 64);
    poke_iovec(AREA(2), AREA(4), 10);
    poke_iovec(AREA(2) + 16, AREA(5), 20);
    struct call_redirects pieces = redirects_of(CALL_OF(__NR_recvmsg, 0, 3, AREA(0), 0));
    assert_int_equal(pieces.count, 6);
    expect_piece(&pieces, 0, -1, 1, AREA(0), 56, true);
    expect_piece(&pieces, 1, 0, 0, AREA(1), 16, true);
    expect_piece(&pieces, 2, 0, 16, AREA(2), 32, true);
    expect_piece(&pieces, 3, 2, 0, AREA(4), 10, false);
    expect_piece(&pieces, 4, 2, 16, AREA(5), 20, false);
    expect_piece(&pieces, 5, 0, 32, AREA(3), 64, true);
    call_redirects_deinit(&pieces);
}

static void several_messages(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        poke_message(AREA(0) + 64 * i, 0, 0, AREA(2) + 16 * i, 1, 0, 0);
        poke_iovec(AREA(2) + 16 * i, AREA(4) + 256 * i, 128);
    }
    struct call_redirects pieces =
        redirects_of(CALL_OF(__NR_recvmmsg, 0, 3, AREA(0), 2, 0, AREA(1)));
    assert_int_equal(pieces.count, 6);
    expect_piece(&pieces, 0, -1, 1, AREA(0), 128, true);
    expect_piece(&pieces, 1, 0, 16, AREA(2), 16, true);
    expect_piece(&pieces, 2, 1, 0, AREA(4), 128, false);
    expect_piece(&pieces, 3, 0, 64 + 16, AREA(2) + 16, 16, true);
    expect_piece(&pieces, 4, 3, 0, AREA(4) + 256, 128, false);
    expect_piece(&pieces, 5, -1, 4, AREA(1), 16, true);
    call_redirects_deinit(&pieces);
}

static void select_sets_and_timeout(void **state)
{
    struct call_redirects pieces =
        redirects_of(CALL_OF(__NR_select, 0, 65, AREA(0), 0, AREA(2), AREA(3)));
    assert_int_equal(pieces.count, 3);
    expect_piece(&pieces, 0, -1, 4, AREA(3), 16, true);
    expect_piece(&pieces, 1, -1, 1, AREA(0), 16, true);
    expect_piece(&pieces, 2, -1, 3, AREA(2), 16, true);
    call_redirects_deinit(&pieces);
}

static void interface_list(void **state)
{
    poke_u32(AREA(0), 80);
    poke_u64(AREA(0) + 8, AREA(1));
    struct call_redirects pieces = redirects_of(CALL_OF(__NR_ioctl, 0, 3, NET_IFCONF, AREA(0)));
    assert_int_equal(pieces.count, 2);
    expect_piece(&pieces, 0, -1, 2, AREA(0), 16, true);
    expect_piece(&pieces, 1, 0, 8, AREA(1), 80, true);
    call_redirects_deinit(&pieces);
}

/* recv(2): with MSG_TRUNC, TCP counts bytes that it does not write. */
static void truncating_receive_keeps_what_was_there(void **state)
{
    struct call_redirects pieces =
        redirects_of(CALL_OF(__NR_recvfrom, 0, 3, AREA(0), 100, MSG_TRUNC));
    expect_piece(&pieces, 0, -1, 1, AREA(0), 100, true);
    call_redirects_deinit(&pieces);
}

static void some_are_never_redirected(void **state)
{
    poke_iovec(AREA(2), AREA(4), 10);
    const struct call calls[] = {
        CALL_OF(__NR_read, 0, 3, 0, 100),                             /* NULL */
        CALL_OF(__NR_read, 0, 3, 0x10, 100),                          /* not mapped */
        CALL_OF(__NR_read, 0, 3, ARENA_BASE + ARENA_BYTES - 50, 100), /* not all mapped */
        CALL_OF(__NR_read, 0, 3, UINT64_MAX - 10, 100),               /* wraps */
        CALL_OF(__NR_read, 0, 3, AREA(0), 0),
        CALL_OF(__NR_readv, 0, 3, AREA(2), 1025), /* above IOV_MAX */
        CALL_OF(__NR_readv, 0, 3, 0x10, 1),
        CALL_OF(__NR_recvmsg, 0, 3, 0x10),
        CALL_OF(__NR_futex, 0, AREA(0), 6), /* the address matters */
        CALL_OF(__NR_vmsplice, 0, 3, AREA(2), 1),
        CALL_OF(__NR_fstat, 0, 3, AREA(0)), /* does not block */
        CALL_OF(__NR_wait4, 0, 1, 0, 0, 0),
        CALL_OF(9999, 0, AREA(0), AREA(0), AREA(0)),
    };
    for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
        struct call_redirects pieces = redirects_of(calls[i]);
        assert_int_equal(pieces.count, 0);
        call_redirects_deinit(&pieces);
    }
}

/* 1,024 messages of 1,024 buffers, all the same few bytes. */
static void hostile_counts_are_given_up(void **state)
{
    for (unsigned i = 0; i < 1024; i++)
        poke_iovec(AREA(4) + 16 * i, AREA(6), 1);
    for (unsigned i = 0; i < 1024; i++)
        poke_message(AREA(0) + 64 * i, 0, 0, AREA(4), 1024, 0, 0);
    struct call_redirects pieces = redirects_of(CALL_OF(__NR_recvmmsg, 0, 3, AREA(0), 1024, 0, 0));
    assert_int_equal(pieces.count, 0);
    call_redirects_deinit(&pieces);
}

static void clip_cuts_value_result_lengths(void **state)
{
    poke_u32(AREA(1), 4); /* room for the family and the port */
    struct call call = CALL_OF(__NR_accept, 5, 3, AREA(0), AREA(1));
    struct call_redirects pieces = redirects_of(call);
    struct memory_ranges ranges = {0};
    poke_u32(AREA(1), 16); /* what there would have been */
    assert_null(call_outputs(&call, &arena_view, &ranges));
    assert_int_equal(ranges.range[0].length, 16);
    memory_ranges_clip(&ranges, &pieces);
    assert_int_equal(ranges.count, 2);
    assert_int_equal(ranges.range[0].length, 4);
    assert_int_equal(ranges.range[1].length, 4);
    memory_ranges_deinit(&ranges);
    call_redirects_deinit(&pieces);
}

/*
 * The property. Memory is made of pairs (pointer, 16), which read as iovecs, as messages, and as
 * lengths; arguments are what their kinds ask for, and commands run over all that might mean
 * something.
 */
static void fill_with_pairs(void)
{
    for (uint64_t at = ARENA_BASE; at < ARENA_BASE + ARENA_BYTES; at += 16)
        poke_iovec(at, NESTED + at % 0x8000, 16);
}

static uint32_t random_state = 1;

static uint32_t random_number(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

static uint64_t random_argument(const struct call_arg *arg, unsigned index)
{
    switch ((enum call_arg_kind)arg->kind) {
    case ARG_NONE:
        return 0;
    case ARG_INT:
    case ARG_UINT:
    case ARG_SIZE:
        return random_number(20);
    case ARG_FD:
    case ARG_PID:
    case ARG_SIGNAL:
    case ARG_MODE:
    case ARG_OFFSET:
        return random_number(64);
    case ARG_HEX:
    case ARG_FLAGS:
        return random_number(2) ? random_number(0x60) : 0x400 + random_number(0x20);
    default:
        return random_number(10) ? AREA(index) + 16 * random_number(8) : 0;
    }
}

static uint64_t random_ioctl(void)
{
    static const uint32_t families[] = {0x5400, 0x8900, 0x8940, 0x4b00, 0x5600, 0x1200, 0x2200};
    switch (random_number(4)) {
    case 0: /* any */
        return (uint64_t)random_number(0x1000) << 20 | random_number(0x10000);
    case 1:
        return _IOWR('f', 11, char[32]); /* FS_IOC_FIEMAP */
    case 2:
        return _IOWR(0x94, 54, char[24]); /* FIDEDUPERANGE */
    default:
        return families[random_number(7)] + random_number(0x100);
    }
}

static int64_t random_result(void)
{
    static const int64_t results[] = {0, 1, 2, 16, 100, 1 << 20, -4, -11, -516, -22, -14};
    return results[random_number(ARRAY_LENGTH(results))];
}

static struct call random_call(uint64_t number, const struct call_row *row)
{
    struct call call = {.number = number, .result = random_result()};
    for (unsigned i = 0; i < CALL_ARGUMENTS; i++)
        call.argument[i] = random_argument(&row->argument[i], i);
    if (number == __NR_ioctl)
        call.argument[1] = random_ioctl();
    return call;
}

static uint64_t peek_u64(uint64_t address)
{
    uint64_t value = 0;
    assert_true(arena_read(NULL, taddr_of(address), &value, sizeof(value)));
    return value;
}

static void check_piece(const struct call *call, const struct call_redirects *pieces, size_t index)
{
    const struct call_redirect *piece = &pieces->redirect[index];
    uint64_t pointer;
    if (piece->parent < 0) {
        assert_true(piece->argument < CALL_ARGUMENTS);
        pointer = call->argument[piece->argument];
    } else {
        assert_true((size_t)piece->parent < index);
        const struct call_redirect *parent = &pieces->redirect[piece->parent];
        assert_true(piece->offset + 8 <= parent->length);
        assert_true(parent->copy_in); /* or the pointers beside it would be lost */
        pointer = peek_u64(parent->address.value + piece->offset);
    }
    assert_int_equal(pointer, piece->address.value);
    assert_true(piece->length > 0);
}

static bool inside_a_piece(const struct memory_range *range, const struct call_redirects *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        const struct call_redirect *piece = &pieces->redirect[i];
        uint64_t offset = range->address.value - piece->address.value;
        if (range->address.value >= piece->address.value && offset <= piece->length &&
            range->length <= piece->length - offset)
            return true;
    }
    return false;
}

/* Memory that is not all there is not redirected. */
static bool in_arena(const struct memory_range *range)
{
    uint64_t offset = range->address.value - ARENA_BASE;
    return range->address.value >= ARENA_BASE && offset < ARENA_BYTES &&
           range->length <= ARENA_BYTES - offset;
}

static size_t check_call(const struct call *call, const char *name)
{
    struct call_redirects pieces = {0};
    struct memory_ranges ranges = {0};
    assert_null(call_redirects(call, &arena_view, &pieces));
    assert_null(call_outputs(call, &arena_view, &ranges));
    for (size_t i = 0; i < pieces.count; i++)
        check_piece(call, &pieces, i);
    for (size_t i = 0; pieces.count && i < ranges.count; i++) {
        if (in_arena(&ranges.range[i]) && !inside_a_piece(&ranges.range[i], &pieces))
            fail_msg("%s(…, %#lx, …): output %zu is outside of all pieces", name,
                     (unsigned long)call->argument[1], i);
    }
    size_t count = pieces.count;
    call_redirects_deinit(&pieces);
    memory_ranges_deinit(&ranges);
    return count;
}

static void outputs_lie_inside_of_pieces(void **state)
{
    size_t rows_with_pieces = 0;
    fill_with_pairs();
    for (uint64_t number = 0; number < call_row_count(); number++) {
        const struct call_row *row = call_row(number);
        size_t pieces = 0;
        for (unsigned trial = 0; row && trial < (number == __NR_ioctl ? 20000 : 300); trial++) {
            struct call call = random_call(number, row);
            pieces += check_call(&call, row->name);
        }
        rows_with_pieces += pieces > 0;
    }
    assert_int_equal(rows_with_pieces, 32);
}

/* Any bytes at all as arguments and memory: no crash, no huge allocation (a sanitizer watches). */
static void junk_is_survived(void **state)
{
    for (size_t i = 0; i < ARENA_BYTES; i++)
        arena[i] = (uint8_t)random_number(256);
    for (uint64_t trial = 0; trial < 40000; trial++) {
        struct call call = {.number = random_number(480), .result = random_result()};
        for (unsigned i = 0; i < CALL_ARGUMENTS; i++) {
            uint64_t junk = (uint64_t)random_number(1u << 24) << 40 | random_number(1u << 24);
            call.argument[i] = random_number(2) ? AREA(i) : junk >> random_number(64);
        }
        struct call_redirects pieces = {0};
        struct memory_ranges ranges = {0};
        assert_null(call_redirects(&call, &arena_view, &pieces));
        assert_null(call_outputs(&call, &arena_view, &ranges));
        assert_null(call_inputs(&call, &arena_view, &ranges));
        call_redirects_deinit(&pieces);
        memory_ranges_deinit(&ranges);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_buffer),
        cmocka_unit_test(message_with_all_parts),
        cmocka_unit_test(several_messages),
        cmocka_unit_test(select_sets_and_timeout),
        cmocka_unit_test(interface_list),
        cmocka_unit_test(truncating_receive_keeps_what_was_there),
        cmocka_unit_test(some_are_never_redirected),
        cmocka_unit_test(hostile_counts_are_given_up),
        cmocka_unit_test(clip_cuts_value_result_lengths),
        cmocka_unit_test(outputs_lie_inside_of_pieces),
        cmocka_unit_test(junk_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
