/*
 * ioctl: one row a request (ioctl.def), functions for those with pointers in their structures, and
 * the _IOC encoding for the rest (ioctl(2), asm-generic/ioctl.h).
 *
 * CAVEAT: a driver's own request may follow pointers inside its structure, or write where its
 * number does not say so. Such memory is not seen; a row is the remedy.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <linux/cdrom.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/hdreg.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/kd.h>
#include <linux/loop.h>
#include <linux/nsfs.h>
#include <linux/random.h>
#include <linux/serial.h>
#include <linux/sockios.h>
#include <linux/vt.h>
#include <scsi/scsi.h>
#include <scsi/scsi_ioctl.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>

#include "engine/syscall/call_sizes.h"
#include "engine/syscall/call_walk.h"

/* How far an unknown structure behind a pointer may reach. */
#define NESTED_BYTES 4096
#define ARGUMENT 2

_Static_assert(sizeof(struct ifreq) == IFREQ_BYTES, "struct ifreq");

static taddr argument_of(const struct walk *walk)
{
    return taddr_of(walk->call->argument[ARGUMENT]);
}

/* A structure of unknown extent that the kernel may have written: all that can be read of it. */
static void walk_unknown(struct walk *walk, taddr address)
{
    walk_range(walk, address, walk_readable(walk, address, NESTED_BYTES));
}

/* netdevice(7): ifc_len bytes at ifc_buf; without a buffer, only the length that is wanted. */
static void walk_ifconf(struct walk *walk)
{
    struct {
        int32_t length;
        uint32_t padding;
        uint64_t buffer;
    } conf;
    if (!walk_read(walk, argument_of(walk), &conf, sizeof(conf)))
        return;
    int piece = walk_piece(walk, walk_argument(walk, ARGUMENT), sizeof(conf), WALK_COPY_IN);
    walk_range(walk, argument_of(walk), sizeof(conf.length));
    uint64_t bytes = conf.length < 0 ? 0 : (uint64_t)conf.length;
    if (!walk_is_before(walk) || piece >= 0)
        walk_piece(walk, walk_field(piece, 8, conf.buffer), bytes, WALK_COPY_IN);
    walk_range(walk, taddr_of(conf.buffer), bytes);
}

/* struct ifreq: a name of 16 bytes, then (here) a pointer to a structure of the command's own,
 * whose size is not known: so nothing is redirected. */
static void walk_ifr_data(struct walk *walk)
{
    uint64_t data;
    if (walk_is_before(walk) || !walk_read_u64(walk, taddr_add(argument_of(walk), 16), &data))
        return;
    walk_range(walk, argument_of(walk), IFREQ_BYTES);
    walk_unknown(walk, taddr_of(data));
}

/* A small structure (rarely used) with pointers: what the argument and each word in it may point
 * to. */
static void walk_nested(struct walk *walk)
{
    uint64_t words[4];
    if (walk_is_before(walk) || !walk_read(walk, argument_of(walk), words, sizeof(words)))
        return;
    walk_range(walk, argument_of(walk), sizeof(words));
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        walk_unknown(walk, taddr_of(words[i]));
}

static void walk_fiemap(struct walk *walk)
{
    struct fiemap map;
    if (!walk_read(walk, argument_of(walk), &map, sizeof(map)))
        return;
    uint64_t room = min_u64(map.fm_extent_count, TRANSFER_MAX / sizeof(struct fiemap_extent) - 1);
    uint64_t used = min_u64(map.fm_mapped_extents, room);
    walk_out(walk, ARGUMENT, sizeof(map) + room * sizeof(struct fiemap_extent),
             sizeof(map) + used * sizeof(struct fiemap_extent), WALK_COPY_IN);
}

static void walk_dedupe(struct walk *walk)
{
    struct file_dedupe_range range;
    if (walk_read(walk, argument_of(walk), &range, sizeof(range)))
        walk_fixed(walk, ARGUMENT,
                   sizeof(range) + range.dest_count * sizeof(struct file_dedupe_range_info));
}

/* SCSI Generic HOWTO: data and sense bytes behind the header's pointers. */
static void walk_sg(struct walk *walk)
{
    struct sg_io_hdr header;
    if (!walk_read(walk, argument_of(walk), &header, sizeof(header)))
        return;
    struct walk_pointer at = walk_argument(walk, ARGUMENT);
    int piece = walk_piece(walk, at, sizeof(header), WALK_COPY_IN);
    if (walk_is_before(walk) && piece < 0)
        return;
    struct walk_pointer data =
        walk_field(piece, offsetof(struct sg_io_hdr, dxferp), (uintptr_t)header.dxferp);
    struct walk_pointer sense =
        walk_field(piece, offsetof(struct sg_io_hdr, sbp), (uintptr_t)header.sbp);
    walk_range(walk, at.address, sizeof(header));
    if (header.iovec_count) {
        walk_iovec(walk, data, header.iovec_count, header.dxfer_len, WALK_COPY_IN);
    } else {
        uint64_t bytes = min_u64(header.dxfer_len, TRANSFER_MAX);
        walk_piece(walk, data, bytes, WALK_COPY_IN);
        walk_range(walk, data.address, bytes);
    }
    walk_piece(walk, sense, header.mx_sb_len, WALK_COPY_IN);
    walk_range(walk, sense.address, header.mx_sb_len);
}

/* Documentation/i2c/dev-interface.rst: messages that are reads are filled. Not redirected. */
static void walk_i2c_transfer(struct walk *walk)
{
    struct i2c_rdwr_ioctl_data transfer;
    if (walk_is_before(walk) || !walk_read(walk, argument_of(walk), &transfer, sizeof(transfer)))
        return;
    taddr at = taddr_of((uintptr_t)transfer.msgs);
    for (uint32_t i = 0; i < min_u64(transfer.nmsgs, I2C_RDWR_IOCTL_MAX_MSGS); i++) {
        struct i2c_msg message;
        if (!walk_read(walk, taddr_add(at, i * sizeof(message)), &message, sizeof(message)))
            return;
        if (message.flags & I2C_M_RD)
            walk_range(walk, taddr_of((uintptr_t)message.buf), message.len);
    }
}

struct ioctl_row {
    uint32_t request;
    uint32_t bytes;
    void (*walker)(struct walk *walk); /* or NULL */
    const char *name;
};

#define SIZE_OF(request) (_IOC_DIR(request) & _IOC_READ ? _IOC_SIZE(request) : 0)

static const struct ioctl_row rows[] = {
#define OUT(request, bytes) {(uint32_t)(request), bytes, NULL, #request},
#define SIZED(request) {(uint32_t)(request), SIZE_OF(request), NULL, #request},
#define NOTHING(request) {(uint32_t)(request), 0, NULL, #request},
#define SPECIAL(request, walker) {(uint32_t)(request), 0, walk_##walker, #request},
#include "engine/syscall/ioctl.def"
};

static const struct ioctl_row *ioctl_row(uint32_t request)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (rows[i].request == request)
            return &rows[i];
    }
    return NULL;
}

const char *ioctl_name(uint32_t request)
{
    const struct ioctl_row *row = ioctl_row(request);
    return row ? row->name : NULL;
}

/* Errors by which a driver says that it does not know the request, or cannot follow the pointer. */
static bool nothing_happened(int64_t result)
{
    return result == -ENOTTY || result == -EBADF || result == -EFAULT || result == -EINVAL ||
           result == -ENOSYS;
}

void ioctl_walk(struct walk *walk)
{
    uint32_t request = (uint32_t)walk->call->argument[1];
    const struct ioctl_row *row = ioctl_row(request);
    if (!walk_is_before(walk) && nothing_happened(walk->call->result))
        return;
    if (row && row->walker) {
        row->walker(walk);
        return;
    }
    uint64_t bytes = row ? row->bytes : SIZE_OF(request);
    if (bytes) /* a driver may take a plain number where the request promises a pointer */
        walk_fixed(walk, ARGUMENT, walk_readable(walk, argument_of(walk), bytes));
}
