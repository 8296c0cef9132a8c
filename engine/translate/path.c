#include "engine/translate/path.h"

#include <string.h>

#define CALLS_MAX 8

struct finder {
    const struct code_source *source;
    struct path *path;
    struct path_limits limits;
    uint64_t at;
    uint32_t round; /* index of the instruction that the present round of a loop began with */
    uint64_t returns[CALLS_MAX];
    uint32_t calls;
    bool ended;
};

uint64_t path_next(const struct path *path, uint32_t index)
{
    return index + 1 < path->count ? path->insns[index + 1].insn.address : path->target;
}

uint64_t path_exit_target(const struct path_insn *insn)
{
    return insn->exit == EXIT_IF_TAKEN ? insn->insn.target : insn->insn.address + insn->insn.length;
}

static void end(struct finder *finder, enum path_end how, uint64_t target)
{
    finder->path->end = how;
    finder->path->target = target;
    finder->ended = true;
}

static bool is_in_round(const struct finder *finder, uint64_t address)
{
    for (uint32_t i = finder->round; i < finder->path->count; i++)
        if (finder->path->insns[i].insn.address == address)
            return true;
    return false;
}

/* The path comes to the address by a transfer: again from its start, if there is room for another
 * round. */
static void go_to(struct finder *finder, uint64_t address)
{
    const struct path *path = finder->path;
    finder->at = address;
    if (address == path->address && !finder->calls &&
        2 * path->count - finder->round <= PATH_INSNS_MAX && path->count > finder->round)
        finder->round = path->count;
    else if (finder->limits.straight || address == path->address || is_in_round(finder, address))
        end(finder, PATH_GOES_ON, address);
}

static void follow_branch(struct finder *finder, struct path_insn *entry)
{
    const struct insn *insn = &entry->insn;
    uint64_t behind = insn->address + insn->length;
    if (insn->target <= insn->address &&
        (!finder->limits.straight || insn->target == finder->path->address)) {
        entry->exit = EXIT_IF_PASSED;
        go_to(finder, insn->target);
    } else {
        entry->exit = EXIT_IF_TAKEN;
        finder->at = behind;
    }
}

static void follow_call(struct finder *finder, const struct insn *insn)
{
    if (finder->calls == CALLS_MAX) {
        end(finder, PATH_GOES_ON, insn->target);
        return;
    }
    finder->returns[finder->calls++] = insn->address + insn->length;
    go_to(finder, insn->target);
}

static void follow_return(struct finder *finder, struct path_insn *entry)
{
    if (!finder->calls || finder->limits.returns_end) {
        end(finder, PATH_GOES_INDIRECT, 0);
        return;
    }
    entry->exit = EXIT_UNLESS_TO;
    entry->expected = finder->returns[--finder->calls];
    finder->at = entry->expected;
}

/* From the instruction that was just added. */
static void follow(struct finder *finder, struct path_insn *entry)
{
    const struct insn *insn = &entry->insn;
    switch (insn->kind) {
    case INSN_JUMP:
        go_to(finder, insn->target);
        return;
    case INSN_BRANCH:
    case INSN_COUNT_BRANCH:
        follow_branch(finder, entry);
        return;
    case INSN_CALL:
        follow_call(finder, insn);
        return;
    case INSN_RETURN:
        follow_return(finder, entry);
        return;
    case INSN_JUMP_INDIRECT:
    case INSN_CALL_INDIRECT:
        end(finder, PATH_GOES_INDIRECT, 0);
        return;
    default:
        finder->at = insn->address + insn->length;
        if (finder->limits.straight && insn->writes & INSN_MEMORY)
            end(finder, PATH_GOES_ON, finder->at);
        else if (finder->at == finder->path->address)
            go_to(finder, finder->at);
    }
}

/* Which instruction can tell the flags behind the one at `index`. */
static int16_t flags_behind(const struct path *path, uint32_t index)
{
    const struct path_insn *entry = &path->insns[index];
    if (entry->insn.writes_flags)
        return entry->insn.again != AGAIN_NEVER ? (int16_t)index : NO_INSN;
    if (entry->flags == NO_INSN)
        return NO_INSN;
    const struct insn *teller = &path->insns[entry->flags].insn;
    return entry->insn.writes & (teller->reads | teller->writes) ? NO_INSN : entry->flags;
}

static bool can_be_translated(const struct insn *insn)
{
    uint8_t ignored[INSN_BYTES_MAX + 1];
    switch (insn->kind) {
    case INSN_SYSCALL:
    case INSN_SINGLE:
        return false;
    case INSN_JUMP_INDIRECT:
    case INSN_CALL_INDIRECT:
        return insn_load_rcx(insn, ignored) != 0;
    default:
        return true;
    }
}

/* The next instruction; none if the path ends before it. */
static void add(struct finder *finder)
{
    struct path *path = finder->path;
    const uint8_t *bytes;
    size_t size = 0;
    if (path->count == 0 || !finder->source->ends_before(finder->source->context, finder->at))
        size = finder->source->fetch(finder->source->context, finder->at, &bytes);
    if (!size) {
        end(finder, PATH_GOES_ON, finder->at);
        return;
    }
    struct path_insn *entry = &path->insns[path->count];
    insn_memo_decode(finder->source->memo, bytes, size, finder->at, &entry->insn);
    if (!can_be_translated(&entry->insn)) {
        end(finder, PATH_STOPS, finder->at);
        return;
    }
    entry->exit = EXIT_NEVER;
    entry->expected = 0;
    entry->flags = path->flags;
    path->flags = flags_behind(path, path->count++);
    follow(finder, entry);
}

void path_find(const struct code_source *source, uint64_t address, struct path_limits limits,
               struct path *ret)
{
    struct finder finder = {.source = source, .path = ret, .limits = limits, .at = address};
    if (limits.insns > PATH_INSNS_MAX)
        finder.limits.insns = PATH_INSNS_MAX;
    ret->address = address;
    ret->count = 0;
    ret->flags = NO_INSN;
    while (!finder.ended && ret->count < finder.limits.insns)
        add(&finder);
    if (!finder.ended)
        end(&finder, PATH_GOES_ON, finder.at);
}

size_t path_bytes(const struct path *path, uint8_t bytes[PATH_BYTES_MAX])
{
    size_t size = 0;
    for (uint32_t i = 0; i < path->count; i++) {
        const struct insn *insn = &path->insns[i].insn;
        size_t at = insn->address - path->address;
        memcpy(bytes + at, insn->bytes, insn->length);
        if (at + insn->length > size)
            size = at + insn->length;
    }
    return size;
}
