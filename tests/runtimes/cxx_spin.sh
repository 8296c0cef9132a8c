# C++: threads that take a spinning mutex, and a barrier that spins.
command=("$WORK/program")
prepare() {
    cat >program.cc <<'CXX'
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

static std::atomic_flag locked = ATOMIC_FLAG_INIT;
static std::atomic<int> arrived{0};
static unsigned long order, spins;

static void work(unsigned long number)
{
    arrived++;
    while (arrived.load() < 4)
        ;
    for (int round = 0; round < 3; round++) {
        unsigned long waited = 0;
        while (locked.test_and_set(std::memory_order_acquire))
            waited++;
        for (unsigned long i = 0; i < 1000000; i++)
            order = order * 31 + number + i;
        spins += waited;
        locked.clear(std::memory_order_release);
    }
}

int main()
{
    std::vector<std::thread> threads;
    for (unsigned long i = 0; i < 4; i++)
        threads.emplace_back(work, i);
    for (auto &thread : threads)
        thread.join();
    std::printf("%lx %lu\n", order, spins);
}
CXX
    g++ -O2 -pthread -o "$WORK/program" program.cc
}
