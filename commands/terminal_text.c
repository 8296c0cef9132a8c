#include "commands/terminal_text.h"

#include <string.h>

#include "commands/utf8.h"

static bool is_direction_mark(uint32_t code)
{
    return code == 0x061c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* U+2028 and U+2029 break lines; so a line of ours could be forged with them. */
static bool is_shown(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool breaks_line = code == 0x2028 || code == 0x2029;
    return !control && !breaks_line && !is_direction_mark(code) && code != '\\';
}

static void put_escaped(struct buffer *buffer, uint8_t byte)
{
    static const char named[] = "\nn\tt\rr\\\\";
    for (const char *at = named; *at; at += 2)
        if ((uint8_t)at[0] == byte) {
            buffer_put_u8(buffer, '\\');
            buffer_put_u8(buffer, (uint8_t)at[1]);
            return;
        }
    char text[5];
    snprintf(text, sizeof(text), "\\x%02x", byte);
    buffer_put(buffer, text, 4);
}

void terminal_text(struct buffer *buffer, const char *string, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t code;
        size_t size = utf8_character(string + i, length - i, &code);
        if (size && is_shown(code)) {
            buffer_put(buffer, string + i, size);
            i += size;
            continue;
        }
        for (size_t end = i + (size ? size : 1); i < end; i++)
            put_escaped(buffer, (uint8_t)string[i]);
    }
}

void print_text(FILE *file, const char *string)
{
    struct buffer buffer = {0};
    terminal_text(&buffer, string, strlen(string));
    fwrite(buffer.data, 1, buffer.size, file);
    buffer_deinit(&buffer);
}

void print_words(FILE *file, const char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (i)
            putc(' ', file);
        print_text(file, words[i]);
    }
}
