#!/bin/sh
# Copying 2,000 small files.
set -eu
case $1 in
prepare)
    mkdir from
    i=0
    while [ $i -lt 2000 ]; do
        printf 'file %d of a benchmark\n' $i >from/$i
        i=$((i + 1))
    done
    ;;
run) exec cp -r from to ;;
esac
