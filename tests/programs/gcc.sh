# gcc: the driver, cc1, as, collect2 and ld, each by vfork and exec; large files mapped and written.
command=(gcc -O2 -o program program.c)
needs=(gcc)
setup() {
    cat >program.c <<'SOURCE'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void *a, const void *b) { return strcmp(a, b); }
int main(int argc, char **argv)
{
    char words[4][8] = {"delta", "alpha", "charlie", "bravo"};
    qsort(words, 4, 8, compare);
    for (int i = 0; i < 4; i++)
        printf("%s\n", words[i]);
    return 0;
}
SOURCE
}
verify() {
    [ "$(./program | tr '\n' ' ')" = "alpha bravo charlie delta " ]
}
