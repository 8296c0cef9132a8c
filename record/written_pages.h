/*
 * Which pages of an address space have been written since we looked last: by asynchronous write
 * protection (userfaultfd with UFFD_FEATURE_WP_ASYNC) and PAGEMAP_SCAN, both of Linux 6.7 on
 * (Documentation/admin-guide/mm/pagemap.rst, "Write-protecting pages through uffd"). Where the
 * kernel has not both, or for mappings that it cannot protect: all pages that there are.
 */
#ifndef REEL_RECORD_WRITTEN_PAGES_H
#define REEL_RECORD_WRITTEN_PAGES_H

#include "engine/tracee/maps.h"
#include "record/recorder.h"

/*
 * Adds to `ranges` the pages of the mappings that the program may write and may have written since
 * the last call for the group, or since ever. The task, of the group, is in a stop from which calls
 * can be injected; nobody else of the group runs.
 */
struct error *written_pages(struct recorder *recorder, struct task *task,
                            const struct mappings *mappings, struct page_ranges *ranges) MUST_CHECK;

/* Of an address space that is no more. */
void written_pages_forget(struct group *group);

#endif
