/*
 * Sizes of the structures that the kernel exchanges with programs. They are the kernel's, which are
 * not always libc's of the same name (termios, sigaction, sigset); call_sizes.c compares them with
 * the UAPI headers.
 */
#ifndef REEL_SYSCALL_CALL_SIZES_H
#define REEL_SYSCALL_CALL_SIZES_H

enum struct_size {
    CACHESTAT_BYTES = 40,
    CACHESTAT_RANGE_BYTES = 16,
    CAP_DATA_BYTES = 12, /* of one; versions 2 and 3 have two */
    EPOLL_EVENT_BYTES = 12,
    FILE_HANDLE_HEADER_BYTES = 8,
    FILE_HANDLE_MAX_BYTES = 128,
    FLOCK_BYTES = 32,
    FUTEX_WAITV_BYTES = 24,
    IFREQ_BYTES = 40,
    IOVEC_BYTES = 16,
    ITIMERSPEC_BYTES = 32,
    ITIMERVAL_BYTES = 32,
    MMSGHDR_BYTES = 64,
    MQ_ATTR_BYTES = 64,
    MSGHDR_BYTES = 56,
    MSGINFO_BYTES = 32,
    MSQID_BYTES = 120,
    PKEY_QUERY_BYTES = 56,
    POLLFD_BYTES = 8,
    RLIMIT_BYTES = 16,
    RUSAGE_BYTES = 144,
    SCHED_PARAM_BYTES = 4,
    SECCOMP_SIZES_BYTES = 6,
    SEMBUF_BYTES = 6,
    SEMID_BYTES = 104,
    SEMINFO_BYTES = 40,
    SHMID_BYTES = 112,
    SHMINFO_BYTES = 72,
    SHM_INFO_BYTES = 48,
    SIGACTION_BYTES = 32,
    SIGEVENT_BYTES = 64,
    SIGINFO_SIZE = 128,
    SIGSET_BYTES = 8,
    SOCKADDR_BYTES = 128, /* sockaddr_storage: no protocol has a longer address */
    STACK_BYTES = 24,
    STAT_BYTES = 144,
    STATFS_BYTES = 120,
    STATX_BYTES = 256,
    SYSINFO_BYTES = 112,
    TERMIO_BYTES = 18,
    TERMIOS_BYTES = 36,
    TIMESPEC_BYTES = 16,
    TIMEVAL_BYTES = 16,
    TIMEX_BYTES = 208,
    TIMEZONE_BYTES = 8,
    TMS_BYTES = 32,
    USER_REGS_BYTES = 216,
    USER_FPREGS_BYTES = 512,
    USER_DESC_BYTES = 16,
    USTAT_BYTES = 32,
    UTIMBUF_BYTES = 16,
    UTSNAME_BYTES = 390,
    WINSIZE_BYTES = 8,
};

#endif
