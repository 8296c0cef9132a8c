/* What calls return to is known to translated code before a return asks for it. */
#include <string.h>

#include "translated_child.h"

#define CALLS 8
#define CALLEE 61 /* instructions: too many for the call and its return to be in one path */

extern const char many_calls[], many_end[], same_low_bits[], same_low_bits_end[];
__asm__(".text\n"
        "long_callee: .rept 60\n"
        "  incq %rbx\n"
        "  .endr\n"
        "  ret\n"
        "many_calls: .rept 8\n"
        "  call long_callee\n"
        "  .endr\n"
        "many_end: syscall\n"
        "same_low_bits: call long_callee\n"
        "  jmp 1f\n"
        "  .skip 65536 - (. - same_low_bits), 0xcc\n"
        "1: call long_callee\n"
        "same_low_bits_end: syscall\n");

static void returns_are_no_stops(void **state)
{
    struct fixture fixture = begin(many_calls);
    uint64_t stops = tracee_resumes();
    struct run_result result = run(&fixture, NULL, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(result.count == CALLS * (1 + CALLEE));
    assert_true(registers(&fixture).rip == (uint64_t)many_end);
    assert_true(tracee_resumes() - stops < CALLS);
    end(&fixture);
}

static void addresses_with_the_same_low_bits_are_told_apart(void **state)
{
    struct fixture fixture = begin(same_low_bits);
    struct run_result result = run(&fixture, NULL, FOREVER);
    assert_int_equal(result.end, RUN_ENDED_AT_CALL);
    assert_true(result.count == 2 * (1 + CALLEE) + 1);
    assert_true(registers(&fixture).rip == (uint64_t)same_low_bits_end);
    end(&fixture);
}

static void many_pieces_are_transferred_in_order(void **state)
{
    struct fixture fixture = begin(many_calls);
    taddr first = taddr_of(REEL_PAGE), second = taddr_of(REEL_PAGE + 0x3000);
    char a[] = "abcdefg", b[] = "xyz", got_a[8] = "", got_b[4] = "";
    const struct tracee_piece put[] = {
        {first, a, sizeof(a)}, {second, b, sizeof(b)}, {taddr_add(first, 2), b, 1}};
    const struct tracee_piece get[] = {{second, got_b, sizeof(got_b)},
                                       {first, got_a, sizeof(got_a)}};
    no_error(tracee_write_pieces(fixture.tracee, put, 3));
    no_error(tracee_read_pieces(fixture.tracee, get, 2));
    assert_string_equal(got_a, "abxdefg");
    assert_string_equal(got_b, "xyz");
    end(&fixture);
}

/* Code is not writable for the program; a debugger's writes override that. */
static void a_piece_that_is_not_writable_is_forced(void **state)
{
    struct fixture fixture = begin(many_calls);
    uint8_t nop = 0x90, byte = 1, got[2] = {0};
    const struct tracee_piece put[] = {{taddr_of((uint64_t)many_calls), &nop, 1},
                                       {taddr_of(REEL_PAGE), &byte, 1}};
    const struct tracee_piece get[] = {{taddr_of((uint64_t)many_calls), &got[0], 1},
                                       {taddr_of(REEL_PAGE), &got[1], 1}};
    no_error(tracee_write_pieces(fixture.tracee, put, 2));
    no_error(tracee_read_pieces(fixture.tracee, get, 2));
    assert_true(got[0] == nop && got[1] == byte);
    end(&fixture);
}

static void a_piece_that_is_not_mapped_is_an_error(void **state)
{
    struct fixture fixture = begin(many_calls);
    uint64_t word = 0;
    const struct tracee_piece piece[] = {{taddr_of(REEL_PAGE), &word, sizeof(word)},
                                         {taddr_of(8), &word, sizeof(word)}};
    struct error *read = tracee_read_pieces(fixture.tracee, piece, 2);
    struct error *written = tracee_write_pieces(fixture.tracee, piece, 2);
    assert_true(read && written);
    error_free(read);
    error_free(written);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returns_are_no_stops),
        cmocka_unit_test(addresses_with_the_same_low_bits_are_told_apart),
        cmocka_unit_test(many_pieces_are_transferred_in_order),
        cmocka_unit_test(a_piece_that_is_not_writable_is_forced),
        cmocka_unit_test(a_piece_that_is_not_mapped_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
