#!/bin/sh
# A make of 40 C files, one after another, and the link.
# needs: make cc
# shellcheck disable=SC2016 # the dollars are make's
set -eu
case $1 in
prepare)
    i=1
    while [ $i -lt $((40 / BENCH_DIVISOR)) ]; do
        printf '#include <stdio.h>\nint f%d(int x);\nint f%d(int x)\n{\n    return printf("%%d\\n", x) + %d;\n}\n' \
            $i $i $i >f$i.c
        i=$((i + 1))
    done
    echo 'int main(void) { return 0; }' >main.c
    {
        echo 'objects = $(patsubst %.c,%.o,$(wildcard *.c))'
        echo 'program: $(objects)'
        printf '\tcc -o $@ $(objects)\n'
        echo '%.o: %.c'
        printf '\tcc -O1 -c $<\n'
    } >Makefile
    ;;
run) exec make ;;
esac
