/*
 * Removing recordings, and stored files that no recording needs any more.
 *
 * Nothing is removed recursively: a directory goes only when it holds what a trace holds and
 * nothing else, and files are removed by name through the directory's descriptor, so that no
 * symbolic link, also one planted meanwhile, leads anywhere else.
 */
#ifndef REEL_COMMANDS_TRACE_REMOVE_H
#define REEL_COMMANDS_TRACE_REMOVE_H

#include "engine/base/error.h"
#include "engine/base/types.h"

/* Removes the trace at the absolute path `path`. */
struct error *trace_remove(const char *path) MUST_CHECK;

/* Makes ROOT/latest, if it leads nowhere, lead to the newest trace left; without one, removes it.
 */
struct error *trace_fix_latest(const char *root) MUST_CHECK;

struct gc_result {
    uint64_t files, bytes;
};

/*
 * Removes the contents in ROOT/store that no trace in ROOT refers to. Refuses, and removes nothing,
 * while a trace in ROOT cannot be read or is being recorded: what it needs is not known.
 */
struct error *trace_store_gc(const char *root, struct gc_result *ret) MUST_CHECK;

#endif
