/*
 * The file that frames are appended to. Each frame goes out in one write, so that a recorder that
 * is killed leaves whole frames and at most one that is cut; when a write fails (disk full, file
 * size limit), the file is cut back to its last whole frame.
 *
 * Caveat: past RLIMIT_FSIZE the kernel sends SIGXFSZ to the writing thread, so frames are written
 * only by a thread that blocks it.
 */
#ifndef REEL_TRACE_FORMAT_FRAME_FILE_H
#define REEL_TRACE_FORMAT_FRAME_FILE_H

#include "trace-format/frame.h"

struct frame_file {
    int fd;
    char *path;
    uint64_t size; /* up to the end of the last whole frame */
    uint32_t sequence;
    uint8_t *packed;
};

/* Creates DIRECTORY (mode 0700, which must not exist or be empty) and DIRECTORY/trace. */
struct error *frame_file_create(const char *directory, struct frame_file *ret) MUST_CHECK;

/* Appends a frame, giving it its sequence number. */
struct error *frame_file_append(struct frame_file *file, struct frame *frame,
                                const uint8_t *raw) MUST_CHECK;

struct error *frame_file_close(struct frame_file *file) MUST_CHECK;

#endif
