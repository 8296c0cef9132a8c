/* Locales and iconv: files mapped, modules loaded. */
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <wchar.h>

#include "check.h"

int main(void)
{
    const char *name = setlocale(LC_ALL, "C.UTF-8");
    if (!name) {
        puts("no C.UTF-8 here");
        return 0;
    }
    CHECK(strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    wchar_t wide[8];
    CHECK(mbstowcs(wide, "grün", 8) == 4 && wide[2] == 0xfc);
    iconv_t convert = iconv_open("ISO-8859-1", "UTF-8");
    if (convert != (iconv_t)-1) {
        char text[] = "grün", result[8] = "", *in = text, *out = result;
        size_t in_left = 5, out_left = 8;
        CHECK(iconv(convert, &in, &in_left, &out, &out_left) == 0 && out_left == 4);
        CHECK(memcmp(result, "gr\xfcn", 4) == 0);
        CHECK(iconv_close(convert) == 0);
    }
    time_t now = time(NULL);
    char date[64];
    CHECK(strftime(date, sizeof date, "%c", localtime(&now)) > 0);
    printf("%s\n", date);
    return 0;
}
