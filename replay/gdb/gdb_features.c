/* target.xml and the documents that it includes, made from the table of registers. */
#include <stdio.h>
#include <string.h>

#include "replay/gdb/gdb_registers.h"
#include "replay/gdb/gdb_session.h"

#define DOCTYPE(kind) "<?xml version=\"1.0\"?>\n<!DOCTYPE " kind " SYSTEM \"gdb-target.dtd\">\n"

#define VECTOR128                                                                                  \
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"                                      \
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"                                      \
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"                                          \
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>\n"                                          \
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"                                          \
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>\n"                                          \
    "<union id=\"vec128\">"                                                                        \
    "<field name=\"v4_float\" type=\"v4f\"/><field name=\"v2_double\" type=\"v2d\"/>"              \
    "<field name=\"v16_int8\" type=\"v16i8\"/><field name=\"v8_int16\" type=\"v8i16\"/>"           \
    "<field name=\"v4_int32\" type=\"v4i32\"/><field name=\"v2_int64\" type=\"v2i64\"/>"           \
    "<field name=\"uint128\" type=\"uint128\"/></union>\n"

#define FLAG(name, bit) "<field name=\"" name "\" start=\"" bit "\" end=\"" bit "\"/>"

static const char eflags_type[] =
    "<flags id=\"i386_eflags\" size=\"4\">" FLAG("CF", "0") FLAG("", "1") FLAG("PF", "2")
        FLAG("AF", "4") FLAG("ZF", "6") FLAG("SF", "7") FLAG("TF", "8") FLAG("IF", "9")
            FLAG("DF", "10") FLAG("OF", "11") FLAG("NT", "14") FLAG("RF", "16") FLAG("VM", "17")
                FLAG("AC", "18") FLAG("VIF", "19") FLAG("VIP", "20") FLAG("ID", "21") "</flags>\n";

static const char sse_types[] = VECTOR128 "<flags id=\"i386_mxcsr\" size=\"4\">" FLAG("IE", "0")
    FLAG("DE", "1") FLAG("ZE", "2") FLAG("OE", "3") FLAG("UE", "4") FLAG("PE", "5") FLAG("DAZ", "6")
        FLAG("IM", "7") FLAG("DM", "8") FLAG("ZM", "9") FLAG("OM", "10") FLAG("UM", "11")
            FLAG("PM", "12") FLAG("FZ", "15") "</flags>\n";

static const char avx512_types[] =
    VECTOR128 "<vector id=\"v2ui128\" type=\"uint128\" count=\"2\"/>\n";

/* One document a feature. gdb knows them by `id`. */
static const struct document {
    const char *file;
    const char *id;
    const char *types;
} documents[GDB_FEATURES] = {
    [GDB_CORE] = {"64bit-core.xml", "org.gnu.gdb.i386.core", eflags_type},
    [GDB_SSE] = {"64bit-sse.xml", "org.gnu.gdb.i386.sse", sse_types},
    [GDB_LINUX] = {"64bit-linux.xml", "org.gnu.gdb.i386.linux", ""},
    [GDB_SEGMENTS] = {"64bit-segments.xml", "org.gnu.gdb.i386.segments", ""},
    [GDB_AVX] = {"64bit-avx.xml", "org.gnu.gdb.i386.avx", ""},
    [GDB_AVX512] = {"64bit-avx512.xml", "org.gnu.gdb.i386.avx512", avx512_types},
    [GDB_PKEYS] = {"64bit-pkeys.xml", "org.gnu.gdb.i386.pkeys", ""},
};

void gdb_put_target_xml(struct buffer *out, const struct gdb_session *session)
{
    gdb_put_text(out, DOCTYPE("target") "<target>\n<architecture>i386:x86-64</architecture>\n"
                                        "<osabi>GNU/Linux</osabi>\n");
    for (enum gdb_feature i = 0; i < GDB_FEATURES; i++) {
        if (gdb_has_feature(session->features, i))
            gdb_put_text(out, "<xi:include href=\"%s\"/>\n", documents[i].file);
    }
    gdb_put_text(out, "</target>\n");
}

static void put_register_xml(struct buffer *out, const struct gdb_register *reg)
{
    gdb_put_text(out, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"", reg->name, reg->bits,
                 reg->type);
    if (*reg->group)
        gdb_put_text(out, " group=\"%s\"", reg->group);
    if (strcmp(reg->name, "orig_rax") == 0)
        gdb_put_text(out, " regnum=\"57\""); /* its place in the order, for readers that want it */
    gdb_put_text(out, "/>\n");
}

bool gdb_put_feature_xml(struct buffer *out, const struct gdb_session *session, const char *name)
{
    enum gdb_feature feature = 0;
    while (feature < GDB_FEATURES && strcmp(documents[feature].file, name) != 0)
        feature++;
    if (!gdb_has_feature(session->features, feature))
        return false;
    gdb_put_text(out, DOCTYPE("feature") "<feature name=\"%s\">\n%s", documents[feature].id,
                 documents[feature].types);
    for (size_t i = 0; i < gdb_register_count; i++) {
        if (gdb_registers[i].feature == feature)
            put_register_xml(out, &gdb_registers[i]);
    }
    gdb_put_text(out, "</feature>\n");
    return true;
}
