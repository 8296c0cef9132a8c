#!/bin/sh
# python3 with json and re, for about two seconds.
# needs: python3
set -eu
case $1 in
prepare)
    # The interpreter itself: python3 may be a script that looks for it (pyenv).
    python3 -c 'import sys; print(sys.executable)' >interpreter
    cat >work.py <<'PYTHON'
import json
import re
import sys

rows = [{"id": i, "name": "row %d" % i, "tags": ["a%d" % (i % 7), "b"]} for i in range(2000)]
matches = 0
for _ in range(int(sys.argv[1])):
    text = json.dumps(rows)
    matches += len(re.findall(r"\"row (\d+7)\"", text))
    matches += len(re.sub(r"\"tags\": \[([^]]*)\]", r"\1", text))
    rows = json.loads(text)
print(matches)
PYTHON
    ;;
run)
    read -r python <interpreter
    exec "$python" work.py $((260 / BENCH_DIVISOR))
    ;;
esac
