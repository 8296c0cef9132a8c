#!/bin/sh
# A make of 20 C files, one after another.
# shellcheck disable=SC2016 # the dollars are make's
set -eu
case $1 in
prepare)
    i=1
    while [ $i -le 20 ]; do
        printf '#include <stdio.h>\nint f%d(int x);\nint f%d(int x)\n{\n    return printf("%%d\\n", x) + %d;\n}\n' \
            $i $i $i >f$i.c
        i=$((i + 1))
    done
    echo 'int f1(int x); int main(void) { return f1(1) != 3; }' >main.c
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
