/*
 * Calls whose memory a row cannot describe, because it depends on a command, on flags, or on other
 * memory. One function a call, found by its number at the end of this file; each serves both
 * questions that call_walk.h explains. Failed calls come here only with CALL_OUT_ON_ERROR.
 *
 * Facts are from the manual pages of section 2, and from the kernel sources where these are silent.
 */
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/dqblk_xfs.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/quota.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "engine/syscall/call_sizes.h"
#include "engine/syscall/call_walk.h"

/* Numbers and commands that are younger than Debian 12's headers. */
enum {
    NR_LSM_GET_SELF_ATTR = 459,
    NR_LSM_LIST_MODULES = 461,
    NR_GETXATTRAT = 464,
    AT_HANDLE_MNT_ID_UNIQUE_ = 0x001,
    ARCH_GET_UNTAG_MASK_ = 0x4001,
    ARCH_GET_MAX_TAG_BITS_ = 0x4003,
    ARCH_SHSTK_STATUS_ = 0x5005,
    PR_GET_SHADOW_STACK_STATUS_ = 71,
    PR_GET_AUXV_ = 0x41555856,
    F_GETOWNER_UIDS_ = 17,
    PTRACE_GET_THREAD_AREA_ = 25,
    PTRACE_ARCH_PRCTL_ = 30,
};

/* A row of the tables that map a command to a fixed structure at one argument. */
struct command_size {
    uint32_t command;
    uint16_t argument;
    uint16_t bytes;
};

static void walk_by_command(struct walk *walk, uint32_t command, const struct command_size *sizes,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sizes[i].command == command)
            walk_fixed(walk, sizes[i].argument, sizes[i].bytes);
    }
}

#define WALK_BY_COMMAND(walk, command, sizes)                                                      \
    walk_by_command(walk, (uint32_t)(command), sizes, ARRAY_LENGTH(sizes))

/*
 * select(2): the sets have room for nfds bits, in whole words. The kernel looks only at descriptors
 * that its table has room for, so that programs pass enormous counts with small sets. The largest
 * table (fs.nr_open) has 2^20 by default.
 */
static void walk_select(struct walk *walk)
{
    int32_t descriptors = (int32_t)walk->call->argument[0];
    if (descriptors <= 0 || walk->call->result == -EBADF || walk->call->result == -EINVAL)
        return;
    uint64_t bytes = (min_u64((uint64_t)descriptors, 1 << 20) + 63) / 64 * 8;
    for (uint32_t i = 1; i <= 3; i++)
        walk_fixed(walk, i, bytes);
}

/* nanosleep(2): the remainder is written only when a signal ended the sleep. At an exit stop that
 * still is a restart error, which user space never sees (-516 ERESTART_RESTARTBLOCK; 512 to 514).
 */
static void walk_remainder(struct walk *walk, uint32_t argument)
{
    int64_t result = walk->call->result;
    if (walk_is_before(walk) || result == -EINTR || (result <= -512 && result >= -516))
        walk_fixed(walk, argument, TIMESPEC_BYTES);
}

static void walk_nanosleep(struct walk *walk)
{
    walk_remainder(walk, 1);
}

static void walk_clock_nanosleep(struct walk *walk)
{
    walk_remainder(walk, 3);
}

/* mincore(2): a byte a page. */
static void walk_mincore(struct walk *walk)
{
    uint64_t length = walk->call->argument[1];
    uint64_t pages = length / PAGE_BYTES + (length % PAGE_BYTES != 0);
    walk_fixed(walk, 2, min_u64(pages, TRANSFER_MAX));
}

/*
 * Futex words that the kernel itself writes (futex(2), priority inheritance and FUTEX_WAKE_OP),
 * also on the way to an error: a waiter that gives up leaves FUTEX_WAITERS set. Never redirected.
 */
static void walk_futex(struct walk *walk)
{
    const struct call *call = walk->call;
    switch ((uint32_t)call->argument[1] & (uint32_t)FUTEX_CMD_MASK) {
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_TRYLOCK_PI:
    case FUTEX_UNLOCK_PI:
        walk_range(walk, taddr_of(call->argument[0]), 4);
        break;
    case FUTEX_WAKE_OP:
    case FUTEX_WAIT_REQUEUE_PI:
    case FUTEX_CMP_REQUEUE_PI:
        walk_range(walk, taddr_of(call->argument[4]), 4);
        break;
    default:
        break;
    }
}

static void walk_fcntl(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {F_GETLK, 2, FLOCK_BYTES}, {F_OFD_GETLK, 2, FLOCK_BYTES}, {F_GETOWN_EX, 2, 8},
        {F_GETOWNER_UIDS_, 2, 8},  {F_GET_RW_HINT, 2, 8},         {F_GET_FILE_RW_HINT, 2, 8},
    };
    WALK_BY_COMMAND(walk, walk->call->argument[1], sizes);
}

/*
 * getsockopt(2). The length is also written with ERANGE (SO_PEERSEC, SO_PEERGROUPS), the value then
 * is not. SO_GET_FILTER counts instructions of eight bytes, not bytes (socket(7), sk_get_filter()).
 */
static void walk_getsockopt(struct walk *walk)
{
    const struct call *call = walk->call;
    uint32_t length;
    if (!walk_read_u32(walk, taddr_of(call->argument[4]), &length))
        return;
    bool counts_filters =
        (int32_t)call->argument[1] == SOL_SOCKET && (int32_t)call->argument[2] == SO_GET_FILTER;
    uint64_t bytes = (int32_t)length < 0 ? 0 : (uint64_t)length * (counts_filters ? 8 : 1);
    walk_fixed(walk, 4, sizeof(length));
    if (!call_failed(call))
        walk_fixed(walk, 3, bytes);
}

/* Both may be asked for at the same address only by mistake: clone(2) refuses it. */
static void walk_clone(struct walk *walk)
{
    if (walk->call->argument[0] & (CLONE_PARENT_SETTID | CLONE_PIDFD))
        walk_fixed(walk, 2, 4);
}

/* struct clone_args: flags, pidfd, child_tid, parent_tid, … (clone(2)). */
static void walk_clone3(struct walk *walk)
{
    uint64_t args[4];
    if (!walk_read(walk, taddr_of(walk->call->argument[0]), args, sizeof(args)))
        return;
    if (args[0] & CLONE_PIDFD)
        walk_range(walk, taddr_of(args[1]), 4);
    if (args[0] & CLONE_PARENT_SETTID)
        walk_range(walk, taddr_of(args[3]), 4);
}

/* msgrcv(2): the type, then the text. */
static void walk_msgrcv(struct walk *walk)
{
    uint64_t size = walk->call->argument[2];
    if (size > TRANSFER_MAX)
        return; /* EINVAL */
    walk_out(walk, 1, size + 8, call_failed(walk->call) ? 0 : walk_result(walk) + 8, WALK_EXACT);
}

static void walk_msgctl(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {IPC_STAT, 2, MSQID_BYTES},
        {11 /* MSG_STAT */, 2, MSQID_BYTES},
        {13 /* MSG_STAT_ANY */, 2, MSQID_BYTES},
        {3 /* IPC_INFO */, 2, MSGINFO_BYTES},
        {12 /* MSG_INFO */, 2, MSGINFO_BYTES},
    };
    WALK_BY_COMMAND(walk, walk->call->argument[1], sizes);
}

static void walk_shmctl(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {IPC_STAT, 2, SHMID_BYTES},     {SHM_STAT, 2, SHMID_BYTES},
        {SHM_STAT_ANY, 2, SHMID_BYTES}, {3 /* IPC_INFO */, 2, SHMINFO_BYTES},
        {SHM_INFO, 2, SHM_INFO_BYTES},
    };
    WALK_BY_COMMAND(walk, walk->call->argument[1], sizes);
}

/* GETALL writes a short a semaphore, and how many the set has only the kernel knows: at most SEMMSL
 * (32,000 by default, /proc/sys/kernel/sem), as far as the memory goes. */
static void walk_semctl(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {IPC_STAT, 3, SEMID_BYTES},     {SEM_STAT, 3, SEMID_BYTES},
        {SEM_STAT_ANY, 3, SEMID_BYTES}, {3 /* IPC_INFO */, 3, SEMINFO_BYTES},
        {SEM_INFO, 3, SEMINFO_BYTES},
    };
    uint32_t command = (uint32_t)walk->call->argument[2];
    WALK_BY_COMMAND(walk, command, sizes);
    if (command == GETALL)
        walk_fixed(walk, 3, walk_readable(walk, taddr_of(walk->call->argument[3]), 32000 * 2));
}

/* ptrace(2), the call itself and not libc's function: PEEK requests write a word at `data`. */
static void walk_ptrace(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {PTRACE_PEEKTEXT, 3, 8},
        {PTRACE_PEEKDATA, 3, 8},
        {PTRACE_PEEKUSER, 3, 8},
        {PTRACE_GETREGS, 3, USER_REGS_BYTES},
        {PTRACE_GETFPREGS, 3, USER_FPREGS_BYTES},
        {PTRACE_GETFPXREGS, 3, USER_FPREGS_BYTES},
        {PTRACE_GETEVENTMSG, 3, 8},
        {PTRACE_GETSIGINFO, 3, SIGINFO_SIZE},
        {PTRACE_GETSIGMASK, 3, SIGSET_BYTES},
        {PTRACE_GET_THREAD_AREA_, 3, USER_DESC_BYTES},
        {PTRACE_ARCH_PRCTL_, 2, 8},
    };
    const struct call *call = walk->call;
    uint32_t request = (uint32_t)call->argument[0];
    uint64_t result = walk_result(walk);
    WALK_BY_COMMAND(walk, request, sizes);
    switch (request) {
    case PTRACE_GETREGSET: { /* `data` is an iovec, whose length is written */
        struct iovec iovec;
        if (!walk_read(walk, taddr_of(call->argument[3]), &iovec, sizeof(iovec)))
            return;
        walk_range(walk, taddr_of((uintptr_t)iovec.iov_base), min_u64(iovec.iov_len, 1 << 20));
        walk_range(walk, taddr_add(taddr_of(call->argument[3]), 8), 8);
        break;
    }
    case PTRACE_PEEKSIGINFO:
        walk_range(walk, taddr_of(call->argument[3]), min_u64(result, 1 << 20) * SIGINFO_SIZE);
        break;
    case PTRACE_SECCOMP_GET_FILTER: /* instructions of eight bytes */
        walk_range(walk, taddr_of(call->argument[3]), min_u64(result, 1 << 16) * 8);
        break;
    case PTRACE_SECCOMP_GET_METADATA:
    case PTRACE_GET_SYSCALL_INFO:
    case PTRACE_GET_RSEQ_CONFIGURATION: /* the result may say that there is more than asked for */
        walk_range(walk, taddr_of(call->argument[3]), min_u64(result, call->argument[2]));
        break;
    default:
        break;
    }
}

/* syslog(2): only reading fills the buffer, other actions may have a pointer that means nothing. */
static void walk_syslog(struct walk *walk)
{
    int32_t action = (int32_t)walk->call->argument[0];
    int32_t size = (int32_t)walk->call->argument[2];
    if (action >= 2 && action <= 4 && size > 0)
        walk_out(walk, 1, (uint64_t)size, walk_result(walk), WALK_EXACT);
}

/* capget(2), capset(2): a version that the kernel does not know comes back as the preferred one,
 * with EINVAL, or with success if there is no data pointer. */
static void walk_capabilities(struct walk *walk)
{
    uint32_t version;
    if (walk->call->result == -EFAULT ||
        !walk_read_u32(walk, taddr_of(walk->call->argument[0]), &version))
        return;
    walk_fixed(walk, 0, 4);
    if (!call_failed(walk->call) && walk->call->number == __NR_capget)
        walk_fixed(walk, 1,
                   version == _LINUX_CAPABILITY_VERSION_1 ? CAP_DATA_BYTES : 2 * CAP_DATA_BYTES);
}

/* sysfs(2): option 2 writes a file system's name, as a string. */
static void walk_sysfs(struct walk *walk)
{
    taddr name = taddr_of(walk->call->argument[2]);
    uint64_t length = 0;
    char byte;
    if ((uint32_t)walk->call->argument[0] != 2)
        return;
    while (length < PAGE_BYTES && walk_read(walk, taddr_add(name, length), &byte, 1)) {
        length++;
        if (byte == 0)
            break;
    }
    walk_fixed(walk, 2, length);
}

static void walk_prctl(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {PR_GET_PDEATHSIG, 1, 4},   {PR_GET_UNALIGN, 1, 4},
        {PR_GET_FPEMU, 1, 4},       {PR_GET_FPEXC, 1, 4},
        {PR_GET_NAME, 1, 16},       {PR_GET_ENDIAN, 1, 4},
        {PR_GET_TSC, 1, 4},         {PR_GET_CHILD_SUBREAPER, 1, 4},
        {PR_GET_TID_ADDRESS, 1, 8}, {PR_GET_SHADOW_STACK_STATUS_, 1, 8},
    };
    const struct call *call = walk->call;
    uint32_t option = (uint32_t)call->argument[0];
    WALK_BY_COMMAND(walk, option, sizes);
    if (option == PR_SET_MM && call->argument[1] == PR_SET_MM_MAP_SIZE)
        walk_fixed(walk, 2, 4);
    if (option == PR_SCHED_CORE && call->argument[1] == PR_SCHED_CORE_GET)
        walk_fixed(walk, 4, 8);
    if (option == PR_GET_AUXV_) /* the result is the whole vector's size */
        walk_out(walk, 1, call->argument[2], walk_result(walk), WALK_EXACT);
}

static void walk_arch_prctl(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {ARCH_GET_FS, 1, 8},
        {ARCH_GET_GS, 1, 8},
        {0x1021 /* ARCH_GET_XCOMP_SUPP */, 1, 8},
        {0x1022 /* ARCH_GET_XCOMP_PERM */, 1, 8},
        {0x1024 /* ARCH_GET_XCOMP_GUEST_PERM */, 1, 8},
        {ARCH_GET_UNTAG_MASK_, 1, 8},
        {ARCH_GET_MAX_TAG_BITS_, 1, 8},
        {ARCH_SHSTK_STATUS_, 1, 8},
    };
    WALK_BY_COMMAND(walk, walk->call->argument[0], sizes);
}

/* quotactl(2): the command is in the upper bits. quotactl_fd has it at the next argument. */
static void walk_quotactl(struct walk *walk)
{
    static const struct command_size sizes[] = {
        {Q_GETFMT, 3, 4},
        {Q_GETINFO, 3, sizeof(struct if_dqinfo)},
        {Q_GETQUOTA, 3, sizeof(struct if_dqblk)},
        {Q_GETNEXTQUOTA, 3, sizeof(struct if_nextdqblk)},
        {Q_XGETQUOTA, 3, sizeof(struct fs_disk_quota)},
        {Q_XGETNEXTQUOTA, 3, sizeof(struct fs_disk_quota)},
        {Q_XGETQSTAT, 3, sizeof(struct fs_quota_stat)},
        {Q_XGETQSTATV, 3, sizeof(struct fs_quota_statv)},
    };
    unsigned command = walk->call->number == __NR_quotactl ? 0 : 1;
    WALK_BY_COMMAND(walk, (uint32_t)walk->call->argument[command] >> 8, sizes);
}

/* get_mempolicy(2): one bit a node below maxnode, in whole words; more than a page is refused. */
static void walk_get_mempolicy(struct walk *walk)
{
    uint64_t nodes = walk->call->argument[2];
    if (nodes > 1 && nodes <= 8 * PAGE_BYTES + 1)
        walk_fixed(walk, 1, (nodes - 1 + 63) / 64 * 8);
}

/* KEYCTL_PKEY_ENCRYPT and its kind: struct keyctl_pkey_params names the size of the last argument
 * (keyctl_pkey_e_d_s()). */
static void walk_keyctl_pkey(struct walk *walk)
{
    struct keyctl_pkey_params params;
    if (walk_read(walk, taddr_of(walk->call->argument[1]), &params, sizeof(params)))
        walk_out(walk, 4, params.out_len, walk_result(walk), WALK_EXACT);
}

/* keyctl(2): reading gives the full size as result, and writes nothing if there is less room. */
static void walk_keyctl(struct walk *walk)
{
    const struct call *call = walk->call;
    switch ((uint32_t)call->argument[0]) {
    case KEYCTL_DESCRIBE:
    case KEYCTL_READ:
    case KEYCTL_GET_SECURITY:
    case KEYCTL_DH_COMPUTE:
        walk_out(walk, 2, call->argument[3], walk_result(walk), WALK_COPY_IN);
        break;
    case KEYCTL_PKEY_QUERY:
        walk_fixed(walk, 4, PKEY_QUERY_BYTES);
        break;
    case KEYCTL_PKEY_ENCRYPT:
    case KEYCTL_PKEY_DECRYPT:
    case KEYCTL_PKEY_SIGN:
        walk_keyctl_pkey(walk);
        break;
    case KEYCTL_CAPABILITIES: /* what is beyond the known ones is cleared */
        walk_fixed(walk, 1, min_u64(call->argument[2], PAGE_BYTES));
        break;
    default:
        break;
    }
}

/* vmsplice(2) on the reading end of a pipe fills the buffers. Never redirected: on the writing end
 * the pipe holds on to the very pages. */
static void walk_vmsplice(struct walk *walk)
{
    if (!walk_is_before(walk))
        walk_iovec(walk, walk_argument(walk, 1), walk->call->argument[2], walk_result(walk),
                   WALK_EXACT);
}

/* name_to_handle_at(2): EOVERFLOW comes with the size that is wanted, and with the mount. */
static void walk_name_to_handle_at(struct walk *walk)
{
    const struct call *call = walk->call;
    uint32_t bytes;
    if ((call_failed(call) && call->result != -EOVERFLOW) ||
        !walk_read_u32(walk, taddr_of(call->argument[2]), &bytes))
        return;
    uint64_t handle = call_failed(call) ? 0 : min_u64(bytes, FILE_HANDLE_MAX_BYTES);
    walk_fixed(walk, 2, FILE_HANDLE_HEADER_BYTES + handle);
    walk_fixed(walk, 3, call->argument[4] & AT_HANDLE_MNT_ID_UNIQUE_ ? 8 : 4);
}

/* seccomp(2): the one operation that answers in memory. */
static void walk_seccomp(struct walk *walk)
{
    if ((uint32_t)walk->call->argument[0] == SECCOMP_GET_NOTIF_SIZES)
        walk_fixed(walk, 2, SECCOMP_SIZES_BYTES);
}

/* A list behind an in-out u32 of its size in bytes; E2BIG comes with the size that is wanted
 * (Documentation/userspace-api/lsm.rst). */
static void walk_lsm(struct walk *walk, uint32_t list, uint32_t size)
{
    const struct call *call = walk->call;
    uint32_t bytes;
    if ((call_failed(call) && call->result != -E2BIG) ||
        !walk_read_u32(walk, taddr_of(call->argument[size]), &bytes))
        return;
    walk_fixed(walk, size, sizeof(bytes));
    if (!call_failed(call))
        walk_fixed(walk, list, bytes);
}

static void walk_lsm_get_self_attr(struct walk *walk)
{
    walk_lsm(walk, 1, 2);
}

static void walk_lsm_list_modules(struct walk *walk)
{
    walk_lsm(walk, 0, 1);
}

/* getxattrat: struct xattr_args { u64 value; u32 size; u32 flags; } (linux/xattr.h of 6.13). */
static void walk_getxattrat(struct walk *walk)
{
    struct {
        uint64_t value;
        uint32_t size, flags;
    } args;
    if (walk_read(walk, taddr_of(walk->call->argument[4]), &args, sizeof(args)))
        walk_range(walk, taddr_of(args.value), min_u64(args.size, walk_result(walk)));
}

static void (*const walkers[])(struct walk *walk) = {
    [__NR_ioctl] = ioctl_walk,
    [__NR_select] = walk_select,
    [__NR_mincore] = walk_mincore,
    [__NR_shmctl] = walk_shmctl,
    [__NR_nanosleep] = walk_nanosleep,
    [__NR_getsockopt] = walk_getsockopt,
    [__NR_clone] = walk_clone,
    [__NR_semctl] = walk_semctl,
    [__NR_msgrcv] = walk_msgrcv,
    [__NR_msgctl] = walk_msgctl,
    [__NR_fcntl] = walk_fcntl,
    [__NR_ptrace] = walk_ptrace,
    [__NR_syslog] = walk_syslog,
    [__NR_capget] = walk_capabilities,
    [__NR_capset] = walk_capabilities,
    [__NR_sysfs] = walk_sysfs,
    [__NR_prctl] = walk_prctl,
    [__NR_arch_prctl] = walk_arch_prctl,
    [__NR_quotactl] = walk_quotactl,
    [__NR_futex] = walk_futex,
    [__NR_clock_nanosleep] = walk_clock_nanosleep,
    [__NR_get_mempolicy] = walk_get_mempolicy,
    [__NR_keyctl] = walk_keyctl,
    [__NR_pselect6] = walk_select,
    [__NR_vmsplice] = walk_vmsplice,
    [__NR_name_to_handle_at] = walk_name_to_handle_at,
    [__NR_seccomp] = walk_seccomp,
    [__NR_clone3] = walk_clone3,
    [__NR_quotactl_fd] = walk_quotactl,
    [NR_LSM_GET_SELF_ATTR] = walk_lsm_get_self_attr,
    [NR_LSM_LIST_MODULES] = walk_lsm_list_modules,
    [NR_GETXATTRAT] = walk_getxattrat,
};

bool irregular_has_walker(uint64_t number)
{
    return number < ARRAY_LENGTH(walkers) && walkers[number];
}

void irregular_walk(struct walk *walk)
{
    if (irregular_has_walker(walk->call->number))
        walkers[walk->call->number](walk);
}
