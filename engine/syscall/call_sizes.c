/*
 * No code: call_sizes.h compared with the kernel's headers, where these have the structure. Only
 * UAPI headers are included, as libc's structures of the same name may differ.
 */
#include "engine/syscall/call_sizes.h"

#include <asm/ldt.h>
#include <asm/poll.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termios.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/ipc.h>
#include <linux/keyctl.h>
#include <linux/mqueue.h>
#include <linux/msg.h>
#include <linux/resource.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/socket.h>
#include <linux/stat.h>
#include <linux/sysinfo.h>
#include <linux/time.h>
#include <linux/times.h>
#include <linux/timex.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/utime.h>
#include <linux/utsname.h>

#define SAME(type, size) _Static_assert(sizeof(type) == (size), #type)

SAME(struct __user_cap_data_struct, CAP_DATA_BYTES);
SAME(struct epoll_event, EPOLL_EVENT_BYTES);
SAME(struct flock, FLOCK_BYTES);
SAME(struct futex_waitv, FUTEX_WAITV_BYTES);
SAME(struct iovec, IOVEC_BYTES);
SAME(struct itimerspec, ITIMERSPEC_BYTES);
SAME(struct itimerval, ITIMERVAL_BYTES);
SAME(struct mq_attr, MQ_ATTR_BYTES);
SAME(struct msginfo, MSGINFO_BYTES);
SAME(struct msqid64_ds, MSQID_BYTES);
SAME(struct keyctl_pkey_query, PKEY_QUERY_BYTES);
SAME(struct pollfd, POLLFD_BYTES);
SAME(struct rlimit, RLIMIT_BYTES);
SAME(struct rusage, RUSAGE_BYTES);
SAME(struct seccomp_notif_sizes, SECCOMP_SIZES_BYTES);
SAME(struct sembuf, SEMBUF_BYTES);
SAME(struct semid64_ds, SEMID_BYTES);
SAME(struct seminfo, SEMINFO_BYTES);
SAME(struct shmid64_ds, SHMID_BYTES);
SAME(struct shminfo64, SHMINFO_BYTES);
SAME(struct shm_info, SHM_INFO_BYTES);
SAME(struct sigaction, SIGACTION_BYTES);
SAME(siginfo_t, SIGINFO_SIZE);
SAME(sigset_t, SIGSET_BYTES);
SAME(struct __kernel_sockaddr_storage, SOCKADDR_BYTES);
SAME(stack_t, STACK_BYTES);
SAME(struct stat, STAT_BYTES);
SAME(struct statfs, STATFS_BYTES);
SAME(struct statx, STATX_BYTES);
SAME(struct sysinfo, SYSINFO_BYTES);
SAME(struct termios, TERMIOS_BYTES);
SAME(struct __kernel_timespec, TIMESPEC_BYTES);
SAME(struct timeval, TIMEVAL_BYTES);
SAME(struct __kernel_timex, TIMEX_BYTES);
SAME(struct timezone, TIMEZONE_BYTES);
SAME(struct tms, TMS_BYTES);
SAME(struct user_desc, USER_DESC_BYTES);
SAME(struct utimbuf, UTIMBUF_BYTES);
SAME(struct new_utsname, UTSNAME_BYTES);
SAME(struct winsize, WINSIZE_BYTES);

/* struct termio is as long as its fields; the kernel copies it whole, with the padding. */
_Static_assert(sizeof(struct termio) == TERMIO_BYTES, "struct termio");
