#!/bin/sh
# gcc: one C file of some thousand lines, so that cc1 is what takes the time, much of it new code.
# needs: gcc
set -eu
case $1 in
prepare)
    {
        printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <math.h>\n'
        i=1
        while [ $i -le $((150 / BENCH_DIVISOR)) ]; do
            cat <<SOURCE
struct row$i { int key; double value; char name[$((i % 13 + 3))]; };
static int compare$i(const void *a, const void *b)
{
    const struct row$i *x = a, *y = b;
    return x->key != y->key ? x->key - y->key : strcmp(x->name, y->name);
}
double total$i(struct row$i *rows, size_t count)
{
    double total = $i;
    qsort(rows, count, sizeof(*rows), compare$i);
    for (size_t i = 0; i < count; i++) {
        switch (rows[i].key % 7) {
        case 0: total += sqrt(rows[i].value); break;
        case 3: total -= rows[i].value * $i; break;
        case 5: printf("%s\\n", rows[i].name); break;
        default: total += i % 3 ? rows[i].value : 1 / (1 + total);
        }
    }
    return total;
}
SOURCE
            i=$((i + 1))
        done
    } >rows.c
    ;;
run) exec gcc -O2 -c rows.c ;;
esac
