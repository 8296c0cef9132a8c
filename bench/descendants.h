/*
 * All processes below the calling one: what memory they have, and their end.
 *
 * The caller is their subreaper (PR_SET_CHILD_SUBREAPER), so that those whose parent has died stay
 * below it. Found through the parents in /proc/PID/stat (proc(5)); a process that comes while the
 * list is made may be missed.
 */
#pragma once

/* The sum of their proportional set sizes in KiB: a page that n of them share counts 1/n for each
 * (/proc/PID/smaps_rollup). One that may not be read, or has gone, counts nothing. */
long descendants_memory_kib(void);

/* Kills all of them and reaps them: when it returns there are none. */
void descendants_kill(void);
