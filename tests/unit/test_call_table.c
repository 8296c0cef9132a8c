/* The call table compared with the kernel's header, and with itself. */
#include "call_fixture.h"

#include <stdio.h>
#include <sys/syscall.h>

#include "engine/base/cleanup.h"
#include "engine/syscall/call_walk.h"

static FILE *open_header(void)
{
    static const char *const paths[] = {"/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
                                        "/usr/include/asm/unistd_64.h"};
    FILE *header = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(paths) && !header; i++)
        header = fopen(paths[i], "r");
    return header;
}

static void every_call_of_the_header_has_a_row(void **state)
{
    CLEANUP(fclose) FILE *header = open_header();
    char line[256], name[64];
    unsigned number, seen = 0, wrong = 0;
    assert_non_null(header);
    while (fgets(line, sizeof(line), header)) {
        if (sscanf(line, "#define __NR_%63s %u", name, &number) != 2)
            continue;
        const struct call_row *row = call_row(number);
        seen++;
        if (!row || strcmp(row->name, name) != 0) {
            print_error("call %u is %s, its row says %s\n", number, name, row ? row->name : "-");
            wrong++;
        }
    }
    assert_true(seen > 300);
    assert_int_equal(wrong, 0);
}

static void calls_younger_than_the_header_have_rows(void **state)
{
    for (uint64_t number = 451; number <= 469; number++)
        assert_non_null(call_row(number));
    assert_string_equal(call_row(467)->name, "open_tree_attr");
    assert_int_equal(call_row_count(), 470);
}

static void unknown_numbers_have_no_row(void **state)
{
    assert_null(call_row(337));
    assert_null(call_row(423));
    assert_null(call_row(470));
    assert_null(call_row(UINT64_MAX));
}

static void refused_rows_say_why(void **state)
{
    for (uint64_t number = 0; number < call_row_count(); number++) {
        const struct call_row *row = call_row(number);
        if (!row)
            continue;
        bool refused = row->flags & CALL_REFUSED;
        assert_int_equal(refused, row->refusal < 0);
        assert_int_equal(refused, row->reason != NULL);
    }
    assert_true(call_row(__NR_rseq)->flags & CALL_REFUSED);
    assert_true(call_row(__NR_io_uring_setup)->flags & CALL_REFUSED);
    assert_true(call_row(__NR_userfaultfd)->flags & CALL_REFUSED);
}

static bool is_count(const struct call_arg *arg)
{
    return arg->kind == ARG_INT || arg->kind == ARG_UINT || arg->kind == ARG_SIZE;
}

static bool uses_of(enum call_arg_kind kind)
{
    switch (kind) {
    case ARG_IN_SIZED:
    case ARG_IN_IOVEC:
    case ARG_IN_MMSGHDR:
    case ARG_OUT_SIZED:
    case ARG_OUT_RESULT:
    case ARG_OUT_IOVEC:
    case ARG_OUT_MMSGHDR:
    case ARG_INOUT_SIZED:
        return true;
    default:
        return false;
    }
}

static void check_row(const struct call_row *row)
{
    for (unsigned i = 0; i < CALL_ARGUMENTS; i++) {
        const struct call_arg *arg = &row->argument[i];
        if (uses_of(arg->kind) && !is_count(&row->argument[arg->of]))
            fail_msg("%s: argument %u is counted by one that is no count", row->name, i);
        if (arg->kind == ARG_OUT_LENGTH && row->argument[arg->of].kind != ARG_INOUT)
            fail_msg("%s: argument %u has no in-out length", row->name, i);
    }
}

static void arguments_name_counts(void **state)
{
    for (uint64_t number = 0; number < call_row_count(); number++) {
        if (call_row(number))
            check_row(call_row(number));
    }
}

static void irregular_rows_have_code(void **state)
{
    for (uint64_t number = 0; number < call_row_count(); number++) {
        const struct call_row *row = call_row(number);
        bool irregular = number == __NR_vmsplice;
        for (unsigned i = 0; row && i < CALL_ARGUMENTS; i++)
            irregular |= row->argument[i].kind == ARG_IRREGULAR;
        if (irregular != irregular_has_walker(number))
            fail_msg("%s: irregular arguments and irregular.c disagree", row ? row->name : "?");
    }
}

static void flags_are_those_of_the_calls(void **state)
{
    assert_true(call_row(__NR_read)->flags & CALL_MAY_BLOCK);
    assert_true(call_row(__NR_write)->flags & CALL_SENDS);
    assert_true(call_row(__NR_mmap)->flags & CALL_MAPS);
    assert_true(call_row(__NR_clone3)->flags & CALL_MAKES_TASK);
    assert_true(call_row(__NR_execveat)->flags & CALL_EXEC);
    assert_true(call_row(__NR_exit_group)->flags & CALL_EXITS);
    assert_true(call_row(__NR_rt_sigreturn)->flags & CALL_SIGRETURN);
    assert_true(call_row(__NR_rt_sigaction)->flags & CALL_SIGNAL_STATE);
    assert_true(call_row(__NR_splice)->flags & CALL_COPIES_OUT);
    assert_true(call_row(__NR_poll)->flags & CALL_OUT_ON_ERROR);
    assert_false(call_row(__NR_fsync)->flags & CALL_MAY_BLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_the_header_has_a_row),
        cmocka_unit_test(calls_younger_than_the_header_have_rows),
        cmocka_unit_test(unknown_numbers_have_no_row),
        cmocka_unit_test(refused_rows_say_why),
        cmocka_unit_test(arguments_name_counts),
        cmocka_unit_test(irregular_rows_have_code),
        cmocka_unit_test(flags_are_those_of_the_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
