#include "engine/fastpath/window.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/cleanup.h"
#include "engine/fastpath/window_pick.h"
#include "engine/sites/function_ranges.h"

#define CHUNK_BYTES (64ul << 10)
/* Longer code is a hole in a sparse file, or junk. */
#define PIECE_BYTES_MAX (1ul << 30)

/* A piece of the file's code. */
struct piece {
    uint64_t offset, size;
    uint64_t address; /* as the file's tables have it */
};

struct window_file {
    int fd;
    struct function_ranges functions;
    struct piece *piece;
    size_t count;
};

/* --- The file's tables ----------------------------------------------------------------------- */

static struct error *add_piece(struct window_file *file, uint64_t offset, uint64_t size,
                               uint64_t address)
{
    if (offset > INT64_MAX || size > INT64_MAX - offset || size > UINT64_MAX - address)
        return NULL;
    struct piece *grown = reallocarray(file->piece, file->count + 1, sizeof(*grown));
    if (!grown)
        return &err_no_memory;
    file->piece = grown;
    file->piece[file->count++] = (struct piece){offset, size, address};
    return NULL;
}

static struct error *add_sections(struct window_file *file, Elf *elf)
{
    GElf_Shdr header;
    struct error *error = NULL;
    for (Elf_Scn *section = NULL; !error && (section = elf_nextscn(elf, section));)
        if (gelf_getshdr(section, &header) && header.sh_type != SHT_NOBITS &&
            header.sh_flags & SHF_EXECINSTR)
            error = add_piece(file, header.sh_offset, header.sh_size, header.sh_addr);
    return error;
}

/* Behind the sections, since these come first: a file may have none. */
static struct error *add_segments(struct window_file *file, Elf *elf)
{
    size_t count;
    struct error *error = NULL;
    if (elf_getphdrnum(elf, &count) != 0)
        return NULL;
    for (size_t i = 0; !error && i < count && i <= INT32_MAX; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD && header.p_flags & PF_X)
            error = add_piece(file, header.p_offset, header.p_filesz, header.p_vaddr);
    }
    return error;
}

static bool is_for_this_machine(Elf *elf)
{
    GElf_Ehdr header;
    return elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64 &&
           gelf_getehdr(elf, &header) && header.e_machine == EM_X86_64;
}

static struct error *read_tables(struct window_file *file, Elf *elf)
{
    struct error *error = add_sections(file, elf);
    if (!error)
        error = add_segments(file, elf);
    if (!error)
        error = function_ranges_read(elf, &file->functions);
    return error;
}

struct error *window_file_open(int fd, struct window_file **ret)
{
    struct error *error = NULL;
    struct window_file *file = calloc(1, sizeof(*file));
    if (!file)
        return &err_no_memory;
    file->fd = fd;
    /* Read, not mapped: a file that becomes shorter would be SIGBUS. */
    Elf *elf = elf_version(EV_CURRENT) == EV_NONE ? NULL : elf_begin(fd, ELF_C_READ, NULL);
    if (elf && is_for_this_machine(elf))
        error = read_tables(file, elf);
    elf_end(elf);
    if (error) {
        window_file_close(file);
        return error;
    }
    *ret = file;
    return NULL;
}

void window_file_close(struct window_file *file)
{
    if (!file)
        return;
    function_ranges_deinit(&file->functions);
    free(file->piece);
    free(file);
}

/* --- The file's code ------------------------------------------------------------------------- */

/* As many of the bytes as there are. */
static struct error *read_some(int fd, uint64_t offset, uint8_t *bytes, size_t size, size_t *ret)
{
    *ret = 0;
    while (*ret < size) {
        ssize_t got = pread(fd, bytes + *ret, size - *ret, (off_t)(offset + *ret));
        if (got < 0)
            return error_errno(NULL, "cannot read a program's file");
        if (got == 0)
            break;
        *ret += (size_t)got;
    }
    return NULL;
}

static const struct piece *piece_at(const struct window_file *file, uint64_t offset)
{
    for (size_t i = 0; i < file->count; i++)
        if (offset >= file->piece[i].offset && offset - file->piece[i].offset < file->piece[i].size)
            return &file->piece[i];
    return NULL;
}

/* Goes through all of a piece: what leads to the site's surroundings, or what bounds its function;
 * either may be NULL. */
static struct error *scan(const struct window_file *file, const struct piece *piece, uint64_t site,
                          struct approach *approach, struct call_bounds *bounds)
{
    const size_t overlap = 8; /* an instruction with an offset may begin in the chunk before */
    CLEANUP(free) uint8_t *chunk = malloc(CHUNK_BYTES);
    if (!chunk)
        return &err_no_memory;
    for (uint64_t at = 0; at < piece->size; at += CHUNK_BYTES - overlap) {
        uint64_t left = piece->size - at;
        int64_t to_site = (int64_t)(site - piece->offset - at);
        size_t got, wanted = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        struct error *error = read_some(file->fd, piece->offset + at, chunk, wanted, &got);
        if (error)
            return error;
        if (approach)
            approach_add_far(approach, chunk, got, to_site);
        if (bounds)
            call_bounds_add(bounds, chunk, got, to_site);
        if (got < CHUNK_BYTES) /* its end, or the file's, which may have moved */
            return NULL;
    }
    return NULL;
}

/* Where the function is, relative to the site. The piece's ends bound one as well. */
static struct error *bounds_of(const struct window_file *file, const struct piece *piece,
                               uint64_t site, struct call_bounds *ret)
{
    uint64_t at = site - piece->offset, address = piece->address + at;
    const struct function_range *function = function_range_at(&file->functions, address);
    *ret = (struct call_bounds){at, piece->size - at};
    if (!function)
        return scan(file, piece, site, NULL, ret);
    if (address - function->start < ret->before)
        ret->before = address - function->start;
    if (function->end - address < ret->behind)
        ret->behind = function->end - address;
    return NULL;
}

static struct error *find_in(const struct window_file *file, const struct piece *piece,
                             uint64_t site, const struct call_bounds *bounds, struct window *ret)
{
    struct approach approach;
    uint64_t before = bounds->before + SWEEP_LEAD, at = site - piece->offset;
    before = before < at ? before : at;
    size_t got, size = before + bounds->behind;
    CLEANUP(free) uint8_t *bytes = malloc(size);
    if (!bytes)
        return &err_no_memory;
    struct error *error = read_some(file->fd, site - before, bytes, size, &got);
    if (error || !window_is_site(bytes, got, before))
        return error;
    error = window_approach(bytes, got, before, bounds, &approach);
    if (!error && window_pick(&approach, bytes, got, before))
        error = scan(file, piece, site, &approach, NULL);
    if (error)
        return error;
    ret->length = window_pick(&approach, bytes, got, before);
    ret->start = site - ret->length;
    return NULL;
}

struct error *window_file_find(const struct window_file *file, uint64_t site_offset,
                               struct window *ret)
{
    *ret = (struct window){0};
    const struct piece *piece = piece_at(file, site_offset);
    if (!piece || piece->size > PIECE_BYTES_MAX)
        return NULL;
    struct call_bounds bounds;
    struct error *error = bounds_of(file, piece, site_offset, &bounds);
    if (error)
        return error;
    /* Too far away for anything: a sweep goes without. */
    bounds.before = bounds.before < BETWEEN_CALLS_MAX ? bounds.before : BETWEEN_CALLS_MAX;
    bounds.behind = bounds.behind < BETWEEN_CALLS_MAX ? bounds.behind : BETWEEN_CALLS_MAX;
    return find_in(file, piece, site_offset, &bounds, ret);
}

struct error *windows_in_file(int fd, uint64_t site_offset, struct window *ret)
{
    struct window_file *file;
    struct error *error = window_file_open(fd, &file);
    if (error)
        return error;
    error = window_file_find(file, site_offset, ret);
    window_file_close(file);
    return error;
}
