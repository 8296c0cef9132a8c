#include "commands/json_text.h"

#include <stdio.h>
#include <string.h>

#include "commands/utf8.h"
#include "engine/base/bytes.h"

json_t *json_text(const char *string)
{
    if (!string)
        return json_null();
    struct buffer buffer = {0};
    size_t length = strlen(string);
    for (size_t i = 0; i < length;) {
        uint32_t code;
        size_t size = utf8_character(string + i, length - i, &code);
        buffer_put(&buffer, size ? string + i : "\xef\xbf\xbd", size ? size : 3);
        i += size ? size : 1;
    }
    const char *bytes = buffer.size ? (const char *)buffer.data : "";
    json_t *text = json_stringn(bytes, buffer.size);
    buffer_deinit(&buffer);
    return text;
}

json_t *json_words(const char *const *words)
{
    json_t *array = json_array();
    for (size_t i = 0; words[i]; i++)
        json_array_append_new(array, json_text(words[i]));
    return array;
}

json_t *json_hex(uint64_t value)
{
    char text[19];
    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
    return json_string(text);
}

json_t *json_count(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void json_put(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static void print_and_free(json_t *value, size_t flags)
{
    json_dumpf(value, stdout, flags | JSON_ENCODE_ANY);
    putchar('\n');
    json_decref(value);
}

void json_print_line(json_t *value)
{
    print_and_free(value, JSON_COMPACT);
}

void json_print(json_t *value)
{
    print_and_free(value, JSON_INDENT(2));
}
