#include "engine/sites/function_ranges.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

void function_ranges_deinit(struct function_ranges *ranges)
{
    free(ranges->range);
    *ranges = (struct function_ranges){0};
}

struct error *function_ranges_add(struct function_ranges *ranges, uint64_t start, uint64_t end)
{
    if (ranges->count == ranges->capacity) {
        size_t capacity = ranges->capacity ? ranges->capacity * 2 : 256;
        struct function_range *grown = reallocarray(ranges->range, capacity, sizeof(*grown));
        if (!grown)
            return &err_no_memory;
        ranges->range = grown;
        ranges->capacity = capacity;
    }
    ranges->range[ranges->count++] = (struct function_range){start, end > start ? end : 0};
    return NULL;
}

/* --- Tables ---------------------------------------------------------------------------------- */

static struct error *add_symbols(Elf_Scn *section, const GElf_Shdr *header,
                                 struct function_ranges *ret)
{
    struct error *error = NULL;
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data && header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; !error && i < count && i <= INT32_MAX; i++) {
        GElf_Sym symbol;
        if (!gelf_getsym(data, (int)i, &symbol) || symbol.st_shndx == SHN_UNDEF)
            continue;
        int type = GELF_ST_TYPE(symbol.st_info);
        if (type == STT_FUNC || type == STT_GNU_IFUNC)
            error = function_ranges_add(ret, symbol.st_value, symbol.st_value + symbol.st_size);
    }
    return error;
}

static const char *section_name(Elf *elf, const GElf_Shdr *header)
{
    size_t names;
    const char *name =
        elf_getshdrstrndx(elf, &names) == 0 ? elf_strptr(elf, names, header->sh_name) : NULL;
    return name ? name : "";
}

static uint64_t text_address(Elf *elf)
{
    GElf_Shdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));)
        if (gelf_getshdr(section, &header) && strcmp(section_name(elf, &header), ".text") == 0)
            return header.sh_addr;
    return 0;
}

static struct error *add_section(Elf *elf, Elf_Scn *section, struct function_ranges *ret)
{
    GElf_Shdr header;
    if (!gelf_getshdr(section, &header))
        return NULL;
    if (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM)
        return add_symbols(section, &header, ret);
    const char *name = section_name(elf, &header);
    bool unwind = strcmp(name, ".eh_frame") == 0;
    bool go = strcmp(name, ".gopclntab") == 0 || strcmp(name, ".data.rel.ro.gopclntab") == 0;
    if ((!unwind && !go) || header.sh_type == SHT_NOBITS)
        return NULL;
    Elf_Data *data = elf_rawdata(section, NULL);
    if (!data || !data->d_buf)
        return NULL;
    return unwind ? unwind_functions(data->d_buf, data->d_size, header.sh_addr, ret)
                  : go_functions(data->d_buf, data->d_size, text_address(elf), ret);
}

/* --- The sorted list ------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    const struct function_range *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

/* One range a start, the longest; where no table says how long it is, up to the next start. */
static void settle(struct function_ranges *ranges)
{
    size_t kept = 0;
    if (ranges->count)
        qsort(ranges->range, ranges->count, sizeof(ranges->range[0]), compare);
    for (size_t i = 0; i < ranges->count; i++) {
        if (kept && ranges->range[kept - 1].start == ranges->range[i].start)
            kept--;
        ranges->range[kept++] = ranges->range[i];
    }
    ranges->count = kept;
    for (size_t i = 0; i < kept; i++)
        if (!ranges->range[i].end)
            ranges->range[i].end = i + 1 < kept ? ranges->range[i + 1].start : UINT64_MAX;
}

struct error *function_ranges_read(Elf *elf, struct function_ranges *ret)
{
    struct error *error = NULL;
    for (Elf_Scn *section = NULL; !error && (section = elf_nextscn(elf, section));)
        error = add_section(elf, section, ret);
    if (error)
        function_ranges_deinit(ret);
    else
        settle(ret);
    return error;
}

/* The index behind the last range that starts at or before the address. */
static size_t behind_start(const struct function_ranges *ranges, uint64_t address)
{
    size_t low = 0, high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->range[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Functions hardly ever lie in functions, and then few of them. */
#define NESTED_MAX 64

const struct function_range *function_range_at(const struct function_ranges *ranges,
                                               uint64_t address)
{
    size_t behind = behind_start(ranges, address);
    for (size_t i = 0; i < NESTED_MAX && i < behind; i++) {
        const struct function_range *range = &ranges->range[behind - 1 - i];
        if (address < range->end)
            return range;
    }
    return NULL;
}

uint64_t function_ranges_cover(const struct function_ranges *ranges, uint64_t start, uint64_t end)
{
    uint64_t covered = 0;
    for (size_t i = 0; i < ranges->count && ranges->range[i].start < end; i++) {
        uint64_t from = ranges->range[i].start, to = ranges->range[i].end;
        from = from > start ? from : start;
        to = to < end ? to : end;
        if (from >= to)
            continue;
        covered += to - from;
        start = to;
    }
    return covered;
}
