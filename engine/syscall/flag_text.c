#include "engine/syscall/flag_text.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Not in Debian 12's libc. */
#ifndef SOL_IP
#define SOL_IP 0
#endif
#ifndef SOL_TCP
#define SOL_TCP 6
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef SOL_IPV6
#define SOL_IPV6 41
#endif
#ifndef SOL_TLS
#define SOL_TLS 282
#endif

struct flag_name {
    uint32_t set, mask, value;
    const char *name;
};

static const struct flag_name names[] = {
#define SET(set)
#define FIELD(set, mask, value) {FLAG_SET_##set, (uint32_t)(mask), (uint32_t)(value), #value},
#define BIT(set, value) {FLAG_SET_##set, (uint32_t)(value), (uint32_t)(value), #value},
#define VALUE(set, value) {FLAG_SET_##set, UINT32_MAX, (uint32_t)(value), #value},
#include "engine/syscall/flags.def"
#undef SET
#undef FIELD
#undef BIT
#undef VALUE
};

static void put_part(struct buffer *buffer, size_t start, const char *part)
{
    if (buffer->size > start)
        buffer_put_u8(buffer, '|');
    buffer_put(buffer, part, strlen(part));
}

void flag_text(struct buffer *buffer, enum flag_set set, uint32_t value)
{
    size_t start = buffer->size;
    uint32_t named = 0; /* the bits that a name stands for */
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const struct flag_name *name = &names[i];
        if (name->set != set || (name->mask & named) || (value & name->mask) != name->value)
            continue;
        put_part(buffer, start, name->name);
        named |= name->mask;
    }
    char rest[16];
    if (value & ~named) {
        snprintf(rest, sizeof(rest), "0x%x", value & ~named);
        put_part(buffer, start, rest);
    } else if (buffer->size == start) {
        put_part(buffer, start, "0");
    }
}
