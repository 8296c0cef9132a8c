#!/bin/sh
# redis-server, driven over TCP on the loopback by redis-benchmark, which runs natively and is not
# measured: 50 connections, 100,000 SETs and as many GETs.
# needs: redis-server redis-benchmark redis-cli python3
# driver: requests/s
set -eu
case $1 in
prepare)
    python3 -c '
import socket
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    print(free.getsockname()[1])' >free-port
    ;;
run)
    read -r port <free-port
    exec redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no
    ;;
drive)
    read -r port <free-port
    i=0
    until redis-cli -p "$port" ping >/dev/null 2>&1; do
        i=$((i + 1))
        [ $i -lt 300 ] || exit 1
        sleep 0.1
    done
    redis-benchmark -p "$port" -c 50 -t set,get -n $((100000 / BENCH_DIVISOR)) --csv >rates
    redis-cli -p "$port" shutdown nosave
    # "SET","81234.5",…: the time of all requests, not the mean of the rates.
    awk -F '"' '$2 == "SET" || $2 == "GET" { count++; time += 1 / $4 }
        END { if (count != 2) exit 1; print count / time }' rates
    ;;
esac
