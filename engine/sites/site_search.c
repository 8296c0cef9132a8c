#include "engine/sites/site_search.h"

#include <gelf.h>
#include <string.h>

#include "engine/sites/code_insn.h"
#include "engine/sites/code_walk.h"
#include "engine/sites/function_ranges.h"

/* A piece of a file's code. */
struct code {
    const uint8_t *bytes;
    size_t size;
    uint64_t offset;  /* in the file */
    uint64_t address; /* as the file's tables have it */
};

struct search {
    Elf *elf;
    const uint8_t *file;
    size_t size;
    struct function_ranges functions; /* read when the first candidate is met */
    bool have_functions;
    struct site_list *sites;
};

static struct error *read_functions(struct search *search)
{
    if (search->have_functions)
        return NULL;
    search->have_functions = true;
    return function_ranges_read(search->elf, &search->functions);
}

static struct error *add_swept(struct search *search, const struct code *code, size_t candidate)
{
    struct site site;
    if (!code_sweep_to(code->bytes, code->size, candidate, &site))
        return NULL;
    site.address += code->offset;
    return site_list_add(search->sites, &site);
}

static struct error *walk(struct search *search, const struct code *code,
                          const struct function_range *function)
{
    uint64_t end = code->address + code->size;
    uint64_t start = function->start > code->address ? function->start : code->address;
    end = function->end < end ? function->end : end;
    uint64_t at = start - code->address;
    return code_walk_function(code->bytes + at, end - start, code->offset + at, search->sites);
}

/* Where tables say what most of the code is, what they leave out is not code. */
static bool is_described(const struct search *search, const struct code *code)
{
    return function_ranges_cover(&search->functions, code->address, code->address + code->size) >=
           code->size / 2;
}

static struct error *search_code(struct search *search, const struct code *code)
{
    const struct function_range *last = NULL;
    size_t at = code_find_candidate(code->bytes, code->size, 0);
    struct error *error = at < code->size ? read_functions(search) : NULL;
    bool described = !error && at < code->size && is_described(search, code);
    for (; !error && at < code->size; at = code_find_candidate(code->bytes, code->size, at + 1)) {
        const struct function_range *function =
            function_range_at(&search->functions, code->address + at);
        if (function && function != last)
            error = walk(search, code, function);
        else if (!function && !described)
            error = add_swept(search, code, at);
        last = function ? function : last;
    }
    return error;
}

static struct error *search_piece(struct search *search, uint64_t offset, uint64_t size,
                                  uint64_t address)
{
    if (offset > search->size || size > search->size - offset || size > UINT64_MAX - address)
        return NULL;
    const struct code code = {search->file + offset, size, offset, address};
    return search_code(search, &code);
}

static struct error *search_sections(struct search *search, bool *found)
{
    GElf_Shdr header;
    struct error *error = NULL;
    for (Elf_Scn *section = NULL; !error && (section = elf_nextscn(search->elf, section));) {
        if (!gelf_getshdr(section, &header))
            continue;
        *found = true;
        if (header.sh_type != SHT_NOBITS && header.sh_flags & SHF_EXECINSTR)
            error = search_piece(search, header.sh_offset, header.sh_size, header.sh_addr);
    }
    return error;
}

/* A file without sections: its executable segments. */
static struct error *search_segments(struct search *search)
{
    size_t count;
    struct error *error = NULL;
    if (elf_getphdrnum(search->elf, &count) != 0)
        return NULL;
    for (size_t i = 0; !error && i < count && i <= INT32_MAX; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(search->elf, (int)i, &header) && header.p_type == PT_LOAD &&
            header.p_flags & PF_X)
            error = search_piece(search, header.p_offset, header.p_filesz, header.p_vaddr);
    }
    return error;
}

static bool is_for_this_machine(Elf *elf)
{
    GElf_Ehdr header;
    return elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64 &&
           gelf_getehdr(elf, &header) && header.e_machine == EM_X86_64;
}

struct error *sites_in_file(int fd, struct site_list *ret, bool *is_program)
{
    struct search search = {.sites = ret};
    struct error *error = NULL;
    bool has_sections = false;
    *is_program = false;
    if (elf_version(EV_CURRENT) == EV_NONE)
        return NULL;
    search.elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    search.file = search.elf ? (const uint8_t *)elf_rawfile(search.elf, &search.size) : NULL;
    if (search.file && is_for_this_machine(search.elf)) {
        *is_program = true;
        error = search_sections(&search, &has_sections);
        if (!error && !has_sections)
            error = search_segments(&search);
    }
    function_ranges_deinit(&search.functions);
    elf_end(search.elf);
    return error;
}

struct error *sites_in_memory(const uint8_t *bytes, size_t size, struct site_list *ret)
{
    struct error *error = NULL;
    for (size_t at = code_find_candidate(bytes, size, 0); !error && at < size;
         at = code_find_candidate(bytes, size, at + 1)) {
        struct site site;
        if (code_sweep_to(bytes, size, at, &site))
            error = site_list_add(ret, &site);
    }
    return error;
}
