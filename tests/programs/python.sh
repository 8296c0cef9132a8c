# python3: json, re, threading and subprocess. Debian's: another one may come first in PATH.
command=(/usr/bin/python3 ./program.py)
needs=(/usr/bin/python3)
setup() {
    cat >program.py <<'SOURCE'
import json, os, queue, random, re, subprocess, sys, threading, time

data = {str(i): [random.random(), i, {"pid": os.getpid()}] for i in range(200)}
text = json.dumps(data, sort_keys=True)
assert json.loads(text) == data
print(len(text), re.sub(r"[0-9]+", "#", text[:60]))
print(sorted(set(re.findall(r"\b[a-z]{3}\b", text))), hash("text"))

work, results = queue.Queue(), []
def worker():
    while (item := work.get()) is not None:
        results.append((threading.get_ident(), item * item))
threads = [threading.Thread(target=worker) for _ in range(4)]
for thread in threads: thread.start()
for item in range(100): work.put(item)
for _ in threads: work.put(None)
for thread in threads: thread.join()
assert sorted(r for _, r in results) == [i * i for i in range(100)]
print(results[:5], time.time())

out = subprocess.run(["sh", "-c", "echo $$; cat; exit 3"], input=b"input", capture_output=True)
assert out.returncode == 3 and out.stdout.endswith(b"input")
print(out.stdout.decode(), file=sys.stderr)
SOURCE
}
