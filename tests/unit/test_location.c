/* Where traces live and what a user's name for one means. */
#include "tests/unit/trace_fixture.h"

#include "trace-format/location.h"

static char *parent;

static int setup(void **state)
{
    char *made = fixture_directory();
    parent = realpath(made, NULL);
    free(made);
    unsetenv("XDG_DATA_HOME");
    unsetenv("REEL_TRACE_DIR");
    setenv("HOME", parent, 1);
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(chdir("/"), 0);
    fixture_remove(parent);
    return 0;
}

/* `got` is PARENT/EXPECTED; freed. */
static void expect_path(char *got, const char *expected)
{
    char *path = fixture_path(parent, expected);
    assert_string_equal(got, path);
    free(path);
    free(got);
}

static void roots(void **state)
{
    char *path;
    struct stat stat_of;
    must(trace_root(false, &path));
    assert_true(access(path, F_OK) < 0);
    expect_path(path, ".local/share/reel");
    setenv("XDG_DATA_HOME", "relative", 1);
    must(trace_root(true, &path));
    assert_true(stat(path, &stat_of) == 0 && (stat_of.st_mode & 0777) == 0700);
    expect_path(path, ".local/share/reel");
    char *data = fixture_path(parent, "data");
    setenv("XDG_DATA_HOME", data, 1);
    free(data);
    must(trace_root(true, &path));
    expect_path(path, "data/reel");
    assert_int_equal(chdir(parent), 0);
    setenv("REEL_TRACE_DIR", "here/traces", 1);
    must(trace_root(true, &path));
    expect_path(path, "here/traces");
    fixture_write("plain", "", 0);
    setenv("REEL_TRACE_DIR", "plain/traces", 1);
    must_fail(trace_root(true, &path), "plain/traces");
}

static void make_trace(const char *root, const char *name)
{
    char *directory = fixture_path(root, name), *file = fixture_path(directory, "trace");
    assert_int_equal(mkdir(directory, 0700), 0);
    fixture_write(file, "", 0);
    free(file);
    free(directory);
}

static void new_names(void **state)
{
    char *path, longest[301];
    must(trace_new_path(parent, "/usr/bin/prog", &path));
    expect_path(path, "prog-0");
    make_trace(parent, "prog-0");
    make_trace(parent, "prog-7");
    make_trace(parent, "prog-x");
    make_trace(parent, "prog-99999999999999999999");
    make_trace(parent, "prog-2-30");
    must(trace_new_path(parent, "prog", &path));
    expect_path(path, "prog-8");
    must(trace_new_path(parent, "prog-2", &path));
    expect_path(path, "prog-2-31");
    must(trace_new_path(parent, "dir/", &path));
    expect_path(path, "dir-0");
    must(trace_new_path(parent, "/", &path));
    expect_path(path, "trace-0");
    memset(longest, 'a', 300);
    longest[300] = 0;
    must(trace_new_path(parent, longest, &path));
    assert_true(strlen(strrchr(path, '/') + 1) < 255);
    free(path);
}

static void finding(void **state)
{
    char *path, *root = fixture_path(parent, "root");
    setenv("REEL_TRACE_DIR", root, 1);
    must_fail(trace_find(NULL, &path), "no latest trace");
    must(trace_root(true, &path));
    free(path);
    make_trace(root, "a-0");
    make_trace(root, "a-1");
    make_trace(parent, "elsewhere");
    must(trace_find("a-0", &path));
    expect_path(path, "root/a-0");
    must_fail(trace_find("a-2", &path), "no trace called a-2");
    must_fail(trace_find("/no/such", &path), "no trace at /no/such");
    assert_int_equal(chdir(parent), 0);
    must(trace_find("elsewhere", &path));
    expect_path(path, "elsewhere");
    must(trace_find("root/a-1/", &path));
    expect_path(path, "root/a-1");
    free(root);
}

static void latest(void **state)
{
    char *path, *root = fixture_path(parent, "root"), target[64];
    setenv("REEL_TRACE_DIR", root, 1);
    must(trace_root(true, &path));
    free(path);
    make_trace(root, "a-0");
    make_trace(parent, "elsewhere");
    char *inside = fixture_path(root, "a-0"), *outside = fixture_path(parent, "elsewhere");
    char *link = fixture_path(root, "latest");
    must(trace_set_latest(root, outside));
    must(trace_find(NULL, &path));
    expect_path(path, "elsewhere");
    must(trace_set_latest(root, inside));
    must(trace_find(NULL, &path));
    expect_path(path, "root/a-0");
    ssize_t length = readlink(link, target, sizeof(target));
    assert_true(length == 3 && memcmp(target, "a-0", 3) == 0);
    must_fail(trace_set_latest(root, "/no/such"), "/no/such");
    unlink(link);
    assert_int_equal(mkdir(link, 0700), 0);
    must_fail(trace_set_latest(root, inside), "latest");
    free(link);
    free(inside);
    free(outside);
    free(root);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(roots), TEST(new_names), TEST(finding), TEST(latest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
