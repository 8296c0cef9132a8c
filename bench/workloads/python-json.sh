#!/bin/sh
# python3 with json and re.
set -eu
case $1 in
prepare) ;;
run)
    exec python3 -c '
import json, re
rows = [{"id": i, "name": "row %d" % i, "tags": ["a%d" % (i % 7), "b"]} for i in range(2000)]
matches = 0
for _ in range(40):
    text = json.dumps(rows)
    matches += len(re.findall(r"\"row (\d+7)\"", text))
    rows = json.loads(text)
print(matches)
'
    ;;
esac
