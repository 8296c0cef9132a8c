/* The process tree from made-up events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "commands/process_tree.h"

static const char *const no_words[] = {NULL};

static void add(struct process_tree *tree, uint32_t stream, const struct event *event)
{
    assert_null(process_tree_add(tree, stream, event));
}

static void start(struct process_tree *tree, uint32_t stream, uint32_t pid, uint32_t parent,
                  const char *command)
{
    const char *const words[] = {command, "-x", NULL};
    struct stream_origin origin = {
        .pid = pid,
        .parent_pid = parent,
        .forked = !command,
        .executable = command ? command : "/bin/parent",
        .arguments = command ? words : no_words,
    };
    struct event event = {.kind = EVENT_START, .tid = pid, .origin = &origin};
    add(tree, stream, &event);
}

static void new_task(struct process_tree *tree, uint32_t stream, uint32_t creator, uint32_t tid,
                     uint32_t pid)
{
    struct effect effect = {.kind = EFFECT_TASK, .task = {.tid = tid, .pid = pid}};
    struct event event = {
        .kind = EVENT_CALL, .tid = creator, .effects = &effect, .effect_count = 1};
    add(tree, stream, &event);
}

static void end(struct process_tree *tree, uint32_t stream, uint32_t tid, uint32_t status,
                uint32_t flags)
{
    struct event event = {.kind = EVENT_EXIT, .tid = tid, .status = status, .exit_flags = flags};
    add(tree, stream, &event);
}

static void forked_child_without_exec(void **state)
{
    struct process_tree tree = {0};
    start(&tree, 1, 100, 1, "/bin/sh");
    start(&tree, 2, 101, 100, NULL);
    end(&tree, 2, 101, 11, EXIT_LAST_OF_PROCESS);
    end(&tree, 1, 100, 3 << 8, EXIT_LAST_OF_PROCESS);
    assert_int_equal(tree.count, 2);
    assert_true(tree.process[0].is_root && tree.process[0].executed);
    assert_string_equal(tree.process[0].arguments[0], "/bin/sh");
    assert_int_equal(tree.process[0].status, 3 << 8);
    assert_false(tree.process[1].is_root || tree.process[1].executed);
    assert_int_equal(tree.process[1].parent_pid, 100);
    assert_int_equal(tree.process[1].status, 11);
    assert_null(tree.process[1].arguments[0]);
    process_tree_deinit(&tree);
}

static void fork_and_exec_is_one_process(void **state)
{
    struct process_tree tree = {0};
    start(&tree, 1, 100, 1, "/bin/sh");
    start(&tree, 2, 101, 100, NULL);
    start(&tree, 3, 101, 100, "/bin/ls");
    assert_int_equal(tree.count, 2);
    assert_true(tree.process[1].executed);
    assert_string_equal(tree.process[1].executable, "/bin/ls");
    assert_int_equal(tree.process[1].first_stream, 2);
    assert_int_equal(tree.process[1].last_stream, 3);
    assert_int_equal(tree.process[1].tasks, 1);
    process_tree_deinit(&tree);
}

static void vfork_child_lives_in_its_parents_stream(void **state)
{
    struct process_tree tree = {0};
    start(&tree, 1, 100, 1, "/bin/sh");
    new_task(&tree, 1, 100, 101, 101);
    assert_int_equal(tree.count, 2);
    assert_int_equal(tree.process[1].parent_pid, 100);
    assert_int_equal(tree.process[1].first_stream, 1);
    start(&tree, 2, 101, 100, "/bin/ls");
    end(&tree, 2, 101, 0, EXIT_LAST_OF_PROCESS);
    assert_int_equal(tree.count, 2);
    assert_true(tree.process[1].executed && tree.process[1].exited);
    process_tree_deinit(&tree);
}

static void threads_belong_to_their_process(void **state)
{
    struct process_tree tree = {0};
    start(&tree, 1, 100, 1, "/bin/threads");
    new_task(&tree, 1, 100, 101, 100);
    new_task(&tree, 1, 101, 102, 100);
    new_task(&tree, 1, 102, 200, 200); /* a vfork child of a thread */
    end(&tree, 1, 101, 0, 0);
    assert_int_equal(tree.count, 2);
    assert_int_equal(tree.process[0].tasks, 3);
    assert_false(tree.process[0].exited);
    assert_int_equal(tree.process[1].parent_pid, 100);
    end(&tree, 1, 102, 9, EXIT_LAST_OF_PROCESS);
    assert_true(tree.process[0].exited);
    assert_int_equal(process_tree_tasks(&tree), 4);
    process_tree_deinit(&tree);
}

static void process_ids_may_come_again(void **state)
{
    struct process_tree tree = {0};
    start(&tree, 1, 100, 1, "/bin/sh");
    for (uint32_t stream = 2; stream < 40; stream++) {
        start(&tree, stream, 101, 100, NULL);
        end(&tree, stream, 101, stream << 8, EXIT_LAST_OF_PROCESS);
    }
    assert_int_equal(tree.count, 39);
    assert_int_equal(tree.process[38].status, 39 << 8);
    process_tree_deinit(&tree);
}

static void nonsense_is_survived(void **state)
{
    struct process_tree tree = {0};
    end(&tree, 1, 7, 0, EXIT_LAST_OF_PROCESS);
    new_task(&tree, 1, 7, 8, 9);
    start(&tree, 1, 9, 9, "/bin/x");
    assert_int_equal(tree.count, 1);
    process_tree_deinit(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forked_child_without_exec),
        cmocka_unit_test(fork_and_exec_is_one_process),
        cmocka_unit_test(vfork_child_lives_in_its_parents_stream),
        cmocka_unit_test(threads_belong_to_their_process),
        cmocka_unit_test(process_ids_may_come_again),
        cmocka_unit_test(nonsense_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
