#include "engine/translate/notes.h"

#include "engine/translate/layout.h"

#define NONE UINT64_MAX

/* As they stand in the vessel, from WORD_NOTE. */
struct notes {
    uint64_t remaining, which;
    uint64_t remaining_before, which_before;
};

_Static_assert(WORD_NOTE_WHICH == WORD_NOTE + 8 && WORD_NOTE_BEFORE == WORD_NOTE + 16 &&
                   WORD_NOTE_WHICH_BEFORE == WORD_NOTE + 24,
               "as in struct notes");

static struct error *write_notes(struct translator *translator, const struct notes *notes)
{
    return tracee_write(translator->tracee, taddr_of(WORD_NOTE), notes, sizeof(*notes));
}

struct error *notes_clear(struct translator *translator)
{
    static const struct notes none = {.remaining = NONE, .remaining_before = NONE};
    return write_notes(translator, &none);
}

/* A watch is named by its entry in the list. */
static bool decode(const struct translator *translator, uint64_t which, struct run_note *ret)
{
    ret->is_watch = which >= ENGINE_WATCH_LIST;
    if (ret->is_watch)
        ret->watch = (which - ENGINE_WATCH_LIST) / ENGINE_WATCH_ENTRY;
    else if (which < translator->gate_count)
        ret->breakpoint = taddr_of(translator->gates[which].address);
    return ret->is_watch ? ret->watch < translator->watches.count : which < translator->gate_count;
}

struct error *notes_read(const struct translator *translator, uint64_t limit, bool before,
                         struct run_note *ret)
{
    struct notes notes;
    *ret = (struct run_note){0};
    struct error *error =
        tracee_read(translator->tracee, taddr_of(WORD_NOTE), &notes, sizeof(notes));
    if (error)
        return error;
    uint64_t remaining = before ? notes.remaining_before : notes.remaining;
    ret->any =
        remaining != NONE && decode(translator, before ? notes.which_before : notes.which, ret);
    ret->count = limit - remaining;
    return NULL;
}

struct error *notes_undo(struct translator *translator)
{
    struct notes notes;
    struct error *error =
        tracee_read(translator->tracee, taddr_of(WORD_NOTE), &notes, sizeof(notes));
    if (error)
        return error;
    notes.remaining = notes.remaining_before;
    notes.which = notes.which_before;
    return write_notes(translator, &notes);
}
