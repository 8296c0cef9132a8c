/* The content store: one copy of equal contents, names that are the contents', no traps. */
#include "tests/unit/trace_fixture.h"

#include <pthread.h>
#include <time.h>
#include <xxhash.h>

#include "engine/base/bytes.h"
#include "trace-format/store.h"

static char *parent, *path, *file;

static int setup(void **state)
{
    parent = fixture_directory();
    path = fixture_path(parent, "store");
    file = fixture_path(parent, "file");
    return 0;
}

static int teardown(void **state)
{
    free(file);
    free(path);
    fixture_remove(parent);
    return 0;
}

static struct store_name put(struct store *store)
{
    struct store_name name;
    CLEANUP(close_fd) int fd = open(file, O_RDONLY | O_CLOEXEC);
    must(store_put(store, fd, file, &name));
    return name;
}

static void expect_contents(const struct store *store, const struct store_name *name,
                            const void *bytes, size_t size)
{
    int fd;
    must(store_get(store, name, &fd));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CLEANUP(free) char *got = malloc(size + 1);
    assert_true(read(fd, got, size + 1) == (ssize_t)size);
    assert_memory_equal(got, bytes, size);
    close(fd);
}

static size_t count_entries(const char *directory)
{
    size_t count = 0;
    CLEANUP(closedir) DIR *entries = opendir(directory);
    while (readdir(entries))
        count++;
    return count - 2;
}

static void contents_round_trip(void **state)
{
    struct store *store;
    struct stat stat_of;
    char expected[33];
    must(store_open(path, true, &store));
    fixture_write(file, "hello", 5);
    struct store_name name = put(store);
    XXH128_hash_t hash = XXH3_128bits("hello", 5);
    snprintf(expected, sizeof(expected), "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    assert_string_equal(name.hex, expected);
    expect_contents(store, &name, "hello", 5);
    char *stored = fixture_path(path, name.hex);
    assert_true(stat(stored, &stat_of) == 0 && (stat_of.st_mode & 07777) == 0400);
    free(stored);
    fixture_write(file, "other", 5);
    struct store_name other = put(store);
    assert_string_not_equal(name.hex, other.hex);
    fixture_write(file, "", 0);
    struct store_name empty = put(store);
    expect_contents(store, &empty, "", 0);
    assert_int_equal(count_entries(path), 4); /* and "seen" */
    assert_string_equal(store_path(store), path);
    store_close(store);
}

static void large_and_sparse_files(void **state)
{
    struct store *store;
    size_t size = 3000000;
    CLEANUP(free) uint8_t *bytes = calloc(1, size);
    for (size_t i = 2000000; i < 2000100; i++)
        bytes[i] = (uint8_t)i;
    must(store_open(path, true, &store));
    fixture_write(file, bytes, size);
    struct store_name name = put(store);
    expect_contents(store, &name, bytes, size);
    bytes[0] = 1;
    fixture_write(file, bytes, size);
    name = put(store);
    expect_contents(store, &name, bytes, size);
    store_close(store);
}

static void a_second_time_copies_nothing(void **state)
{
    struct store *store;
    must(store_open(path, true, &store));
    char *seen = fixture_path(path, "seen");
    fixture_write(file, "hello", 5);
    put(store);
    assert_int_equal(count_entries(seen), 0); /* too young to be told from its next change */
    nanosleep(&(struct timespec){.tv_nsec = 150000000}, NULL);
    struct store_name name = put(store);
    assert_int_equal(count_entries(seen), 1);
    /* What is stored is not read again: this would be noticed. */
    char *stored = fixture_path(path, name.hex);
    unlink(stored);
    fixture_write(stored, "HELLO", 5);
    assert_string_equal(put(store).hex, name.hex);
    expect_contents(store, &name, "HELLO", 5);
    /* A stored file that is gone, or of the wrong size, is made again. */
    fixture_write(stored, "", 0);
    assert_string_equal(put(store).hex, name.hex);
    expect_contents(store, &name, "hello", 5);
    unlink(stored);
    assert_string_equal(put(store).hex, name.hex);
    expect_contents(store, &name, "hello", 5);
    free(stored);
    free(seen);
    store_close(store);
}

static void notes_are_kept(void **state)
{
    struct store *store;
    struct buffer note = {0};
    must(store_open(path, true, &store));
    fixture_write(file, "hello", 5);
    struct store_name name = put(store), other = {.hex = "../../aaaaaaaaaaaaaaaaaaaaaaaaaa"};
    assert_false(store_read_note(store, &name, &note));
    store_keep_note(store, &name, "first", 5);
    store_keep_note(store, &name, "again", 6);
    assert_true(store_read_note(store, &name, &note));
    assert_true(note.size == 6 && memcmp(note.data, "again", 6) == 0);
    store_keep_note(store, &other, "outside", 7);
    assert_false(store_read_note(store, &other, &note));
    buffer_deinit(&note);
    store_close(store);
}

static void bad_names_are_refused(void **state)
{
    static const char *const names[] = {"",
                                        "seen",
                                        "../file",
                                        "0123456789abcdef0123456789abcde",
                                        "0123456789ABCDEF0123456789abcdef",
                                        "../file/../file/../file/../file/"};
    struct store *store;
    struct store_name name;
    int fd;
    must(store_open(path, true, &store));
    fixture_write(file, "hello", 5);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        snprintf(name.hex, sizeof(name.hex), "%s", names[i]);
        must_fail(store_get(store, &name, &fd), "not the name");
    }
    memset(name.hex, 'a', sizeof(name.hex)); /* no NUL */
    must_fail(store_get(store, &name, &fd), "not the name");
    name.hex[32] = 0;
    must_fail(store_get(store, &name, &fd), "No such file");
    char *stored = fixture_path(path, name.hex);
    assert_int_equal(symlink(file, stored), 0);
    must_fail(store_get(store, &name, &fd), "cannot open");
    free(stored);
    store_close(store);
}

static void only_regular_files(void **state)
{
    struct store *store;
    struct store_name name;
    must_fail(store_open(path, false, &store), "cannot open the store");
    must(store_open(path, true, &store));
    CLEANUP(close_fd) int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    must_fail(store_put(store, fd, "/dev/zero", &name), "/dev/zero is not a regular file");
    store_close(store);
    must(store_open(path, false, &store));
    store_close(store);
}

static void *change_file(void *stop)
{
    uint8_t byte = 0;
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED))
        if (pwrite(fd, &byte, 1, 1000 * byte) == 1)
            byte++;
    close(fd);
    return NULL;
}

/* Whatever was caught, its name is its hash. */
static void a_changing_file_gets_no_wrong_name(void **state)
{
    struct store *store;
    pthread_t thread;
    bool stop = false;
    size_t size = 1000000;
    CLEANUP(free) uint8_t *bytes = calloc(1, size);
    fixture_write(file, bytes, size);
    must(store_open(path, true, &store));
    assert_int_equal(pthread_create(&thread, NULL, change_file, &stop), 0);
    for (int i = 0; i < 20; i++) {
        char expected[33];
        struct store_name name = put(store);
        char *stored = fixture_path(path, name.hex);
        size_t got;
        CLEANUP(free) uint8_t *contents = fixture_read(stored, &got);
        XXH128_hash_t hash = XXH3_128bits(contents, got);
        snprintf(expected, sizeof(expected), "%016llx%016llx", (unsigned long long)hash.high64,
                 (unsigned long long)hash.low64);
        assert_string_equal(name.hex, expected);
        free(stored);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    store_close(store);
}

static void *put_often(void *name)
{
    struct store *store;
    must(store_open(path, true, &store));
    for (int i = 0; i < 200; i++)
        *(struct store_name *)name = put(store);
    store_close(store);
    return NULL;
}

static void recorders_share_a_store(void **state)
{
    pthread_t threads[4];
    struct store_name names[4];
    fixture_write(file, "shared", 6);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_often, &names[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 1; i < 4; i++)
        assert_string_equal(names[i].hex, names[0].hex);
    assert_int_equal(count_entries(path), 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(contents_round_trip),
        TEST(large_and_sparse_files),
        TEST(a_second_time_copies_nothing),
        TEST(notes_are_kept),
        TEST(bad_names_are_refused),
        TEST(only_regular_files),
        TEST(a_changing_file_gets_no_wrong_name),
        TEST(recorders_share_a_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
