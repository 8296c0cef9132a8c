/*
 * The content store: files that tracees mapped, by the XXH3-128 of their contents, shared by all
 * recordings.
 *
 *   STORE/<32 hex digits>   contents, mode 0400
 *   STORE/notes/<32 digits> what was found out about those contents
 *   STORE/seen/<key>        symbolic link to a name: what the file of that device, inode, size and
 * times contained
 *
 * so that a second recording of a program copies nothing. Any number of recorders may use a store
 * at once.
 *
 * Caveats: a file that was changed within the clock's granularity is not remembered in `seen`,
 * since its next change might not move its times; it is copied again the next time. A program that
 * changes a file through a shared writable mapping moves its times late, when the kernel notices.
 */
#ifndef REEL_TRACE_FORMAT_STORE_H
#define REEL_TRACE_FORMAT_STORE_H

#include "engine/base/error.h"
#include "trace-format/event.h"

struct store;
struct buffer;

/* Opens (and with `create`, makes, mode 0700) the store at the absolute path `path`. */
struct error *store_open(const char *path, bool create, struct store **ret) MUST_CHECK;
void store_close(struct store *store);
const char *store_path(const struct store *store);

/*
 * Puts the contents of the regular file `fd` (open for reading; `path` is for messages) into the
 * store: by reflink, else by copy. The copy is written under a temporary name and renamed, so that
 * a store never holds a part of a file.
 */
struct error *store_put(struct store *store, int fd, const char *path,
                        struct store_name *ret) MUST_CHECK;

/* A read-only descriptor of the stored contents (CLOEXEC), which the caller closes. The name may
 * come from a hostile trace: anything but 32 lower-case hexadecimal digits is refused. */
struct error *store_get(const struct store *store, const struct store_name *name,
                        int *ret) MUST_CHECK;

/*
 * A note on stored contents, kept beside them: what is expensive to find out about them. It is a
 * cache: false if there is none, and what cannot be kept is not. Its bytes are to be checked like
 * any file's.
 */
#define STORE_NOTE_MAX (1u << 20)
bool store_read_note(const struct store *store, const struct store_name *name, struct buffer *ret);
void store_keep_note(const struct store *store, const struct store_name *name, const void *bytes,
                     size_t size);

#endif
