# Go: goroutines on four processors over channels, one that computes without ever calling anything
# (preempted by SIGURG), the collector at work.
command=("$WORK/program")
prepare() {
    cat >program.go <<'GO'
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func main() {
	runtime.GOMAXPROCS(4)
	var group sync.WaitGroup
	var sum, spins int64
	results := make(chan int, 3)
	go func() {
		for {
			atomic.AddInt64(&spins, 1)
		}
	}()
	for i := 0; i < 20; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			garbage := make([][]byte, 0)
			for k := 0; k < 50; k++ {
				garbage = append(garbage, make([]byte, 10000))
			}
			atomic.AddInt64(&sum, int64(fib(18+i%5)+len(garbage)))
			results <- i
		}(i)
	}
	order := 0
	for i := 0; i < 20; i++ {
		order = (order*31 + <-results) % 1000003
	}
	group.Wait()
	runtime.GC()
	fmt.Println(sum, order, atomic.LoadInt64(&spins))
}
GO
    GOFLAGS=-mod=mod GOCACHE=${GOCACHE:-${TMPDIR:-/tmp}/reel-go-cache} go build -o "$WORK/program" program.go
}
