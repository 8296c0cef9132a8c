#include "engine/translate/publish.h"

#include "engine/translate/layout.h"

/* What the word led to before the entry at the index: the entry of one of the same word, if any. */
static uint64_t next_of(const struct tracee_piece *pieces, const uint64_t *entries, size_t index,
                        uint64_t before)
{
    for (size_t i = index; i-- > 0;)
        if (pieces[i].address.value == pieces[index].address.value)
            return entries[i];
    return before;
}

struct error *publish_emit(struct translator *translator, const struct block *const *blocks,
                           size_t count, uint64_t words[PUBLISH_MAX],
                           struct tracee_piece ret[PUBLISH_MAX])
{
    struct emitter *emitter = &translator->translation->emitter;
    for (size_t i = 0; i < count; i++)
        ret[i] = (struct tracee_piece){taddr_of(ENGINE_TARGETS + (blocks[i]->address & 0xffff) * 8),
                                       &words[i], sizeof(words[i])};
    struct error *error = tracee_read_pieces(translator->tracee, ret, count);
    for (size_t i = 0; i < count && !error; i++) {
        uint32_t entry = emit_here(emitter);
        emit_entry(emitter, blocks[i]->address, blocks[i]->door,
                   (uint32_t)next_of(ret, words, i, words[i]));
        words[i] = entry;
    }
    return error;
}

struct error *publish(struct translator *translator, const struct block *block)
{
    struct emitter *emitter = &translator->translation->emitter;
    struct tracee_piece pieces[1 + PUBLISH_MAX];
    uint64_t words[PUBLISH_MAX];
    uint64_t start = translator->code_end;
    emit_begin(emitter, translator->code_end);
    struct error *error = publish_emit(translator, &block, 1, words, pieces + 1);
    if (error)
        return error;
    pieces[0] = (struct tracee_piece){taddr_of(start), emitter->bytes, emitter->size};
    translator->code_end = emit_here(emitter);
    return tracee_write_pieces(translator->tracee, pieces, 2);
}
