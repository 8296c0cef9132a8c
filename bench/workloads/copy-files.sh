#!/bin/sh
# Copying 5,000 files of 1 KiB.
# needs: cp
set -eu
case $1 in
prepare)
    line='sixty-three bytes and the end of the line, sixteen times a file'
    body="$line
$line
$line
$line"
    mkdir from
    i=0
    while [ $i -lt $((5000 / BENCH_DIVISOR)) ]; do
        printf '%s\n%s\n%s\n%s\n' "$body" "$body" "$body" "$body" >from/$i
        i=$((i + 1))
    done
    ;;
run) exec cp -r from to ;;
esac
