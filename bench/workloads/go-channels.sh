#!/bin/sh
# Go: 100 goroutines in a chain, each handing on what comes over a channel: 10,000,000 messages.
# needs: go
set -eu
case $1 in
build)
    cat >channels.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strconv"
)

func handOn(from <-chan int, to chan<- int) {
	for value := range from {
		to <- value + 1
	}
	close(to)
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	first := make(chan int)
	last := first
	for i := 0; i < 100; i++ {
		next := make(chan int)
		go handOn(last, next)
		last = next
	}
	go func() {
		for i := 0; i < count; i++ {
			first <- i
		}
		close(first)
	}()
	sum := 0
	for value := range last {
		sum += value
	}
	fmt.Println(sum)
}
GO
    GOFLAGS=-mod=mod GOCACHE=$PWD/cache go build -o channels channels.go
    rm -rf cache
    ;;
run) exec "$BENCH_BUILD/channels" $((100000 / BENCH_DIVISOR)) ;;
esac
