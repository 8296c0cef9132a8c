#include "trace-format/cpu_names.h"

#include <string.h>

/* Bits: Intel SDM volume 2, CPUID; AMD64 APM volume 3, appendix E, for the extended leaves. */
const struct cpu_name cpu_names[] = {
    /* 1.ecx */
    {0, 0, "sse3"},
    {0, 1, "pclmulqdq"},
    {0, 9, "ssse3"},
    {0, 12, "fma"},
    {0, 13, "cx16"},
    {0, 19, "sse4_1"},
    {0, 20, "sse4_2"},
    {0, 22, "movbe"},
    {0, 23, "popcnt"},
    {0, 25, "aes"},
    {0, 26, "xsave"},
    {0, 28, "avx"},
    {0, 29, "f16c"},
    {0, 30, "rdrand"},
    /* 7.0.ebx */
    {2, 0, "fsgsbase"},
    {2, 3, "bmi1"},
    {2, 5, "avx2"},
    {2, 8, "bmi2"},
    {2, 9, "erms"},
    {2, 11, "rtm"},
    {2, 16, "avx512f"},
    {2, 17, "avx512dq"},
    {2, 18, "rdseed"},
    {2, 19, "adx"},
    {2, 21, "avx512ifma"},
    {2, 28, "avx512cd"},
    {2, 29, "sha_ni"},
    {2, 30, "avx512bw"},
    {2, 31, "avx512vl"},
    /* 7.0.ecx */
    {3, 1, "avx512vbmi"},
    {3, 3, "pku"},
    {3, 5, "waitpkg"},
    {3, 6, "avx512_vbmi2"},
    {3, 8, "gfni"},
    {3, 9, "vaes"},
    {3, 10, "vpclmulqdq"},
    {3, 11, "avx512_vnni"},
    {3, 12, "avx512_bitalg"},
    {3, 14, "avx512_vpopcntdq"},
    {3, 22, "rdpid"},
    /* 7.0.edx */
    {4, 4, "fsrm"},
    {4, 22, "amx_bf16"},
    {4, 23, "avx512_fp16"},
    {4, 24, "amx_tile"},
    {4, 25, "amx_int8"},
    /* 7.1.eax */
    {5, 4, "avx_vnni"},
    {5, 5, "avx512_bf16"},
    /* 80000001.ecx */
    {6, 5, "abm"},
    {6, 6, "sse4a"},
    {6, 11, "xop"},
    {6, 16, "fma4"},
    /* 80000001.edx */
    {7, 27, "rdtscp"},
};
const size_t cpu_name_count = ARRAY_LENGTH(cpu_names);

void cpu_names_text(struct buffer *buffer, const struct cpu_features *features)
{
    bool first = true;
    for (size_t i = 0; i < cpu_name_count; i++) {
        if (!cpu_has(features, &cpu_names[i]))
            continue;
        if (!first)
            buffer_put_u8(buffer, ' ');
        first = false;
        buffer_put(buffer, cpu_names[i].name, strlen(cpu_names[i].name));
    }
}
