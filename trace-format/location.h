/*
 * Where traces live: $REEL_TRACE_DIR, else ${XDG_DATA_HOME:-~/.local/share}/reel. The content store
 * is ROOT/store, and ROOT/latest a symbolic link to the newest trace.
 */
#ifndef REEL_TRACE_FORMAT_LOCATION_H
#define REEL_TRACE_FORMAT_LOCATION_H

#include "engine/base/error.h"

/* Absolute path on the heap. With `create` the directory is made (mode 0700) and must be writable.
 */
struct error *trace_root(bool create, char **ret) MUST_CHECK;

/* An unused path ROOT/NAME-N for a program called `program` (its last path component is used); not
 * created. */
struct error *trace_new_path(const char *root, const char *program, char **ret) MUST_CHECK;

/*
 * What a user means by `name`: NULL is ROOT/latest; a path to a directory with a file `trace` is
 * itself; else ROOT/NAME. Absolute path on the heap; an error if there is no trace.
 */
struct error *trace_find(const char *name, char **ret) MUST_CHECK;

/* Makes ROOT/latest point at `directory`, atomically. */
struct error *trace_set_latest(const char *root, const char *directory) MUST_CHECK;

#endif
