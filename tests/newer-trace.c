/*
 * newer-trace FILE VERSION: rewrites the header frame of a trace file on standard output so that it
 * claims this format version, and to need a reader of it, with checksums that are right. Written
 * after FORMAT.md alone, with nothing of reel's: the layout of a frame never changes.
 */
#include <lz4.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { HEADER = 56, RAW_MAX = 256 << 10, RAW_LENGTH = 28, PACKED_LENGTH = 32, HASHES = 40 };

static uint32_t get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static int refuse(const char *message)
{
    fprintf(stderr, "newer-trace: %s\n", message);
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t header[HEADER], packed[RAW_MAX], raw[RAW_MAX];
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!in || fread(header, HEADER, 1, in) != 1)
        return refuse("usage: newer-trace FILE VERSION");
    uint32_t raw_length = get32(header + RAW_LENGTH);
    uint32_t packed_length = get32(header + PACKED_LENGTH);
    if (memcmp(header, "reel\1", 5) != 0 || raw_length > RAW_MAX || packed_length > RAW_MAX ||
        raw_length < 8 || fread(packed, packed_length, 1, in) != 1)
        return refuse("no header frame at the file's start");
    if (raw_length == packed_length)
        memcpy(raw, packed, raw_length);
    else if (LZ4_decompress_safe((char *)packed, (char *)raw, (int)packed_length, RAW_MAX) !=
             (int)raw_length)
        return refuse("the header frame does not unpack");

    uint32_t version = (uint32_t)strtoul(argv[2], NULL, 0);
    put(raw, version, 4);
    put(raw + 4, version, 4);
    put(header + PACKED_LENGTH, raw_length, 4);
    put(header + HASHES, XXH3_64bits(raw, raw_length), 8);
    put(header + HASHES + 8, XXH3_64bits(header, HASHES + 8), 8);
    fwrite(header, HEADER, 1, stdout);
    fwrite(raw, raw_length, 1, stdout);
    for (size_t length; (length = fread(packed, 1, sizeof(packed), in)) > 0;)
        fwrite(packed, 1, length, stdout);
    fclose(in);
    return ferror(stdout) ? refuse("cannot write") : 0;
}
