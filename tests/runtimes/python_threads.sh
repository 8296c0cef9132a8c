# Python: eight threads that count in one dictionary without a lock.
command=(python3 "$WORK/program.py")
prepare() {
    cat >"$WORK/program.py" <<'PYTHON'
import collections
import threading

counts = collections.Counter()
order = []

def work(factor):
    for i in range(20000):
        counts[(factor * i) % 97] += 1
        if i % 5000 == 0:
            order.append(factor)

threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(counts.values()), hash(tuple(sorted(counts.items()))), order)
PYTHON
}
