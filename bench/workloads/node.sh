#!/bin/sh
# node, for about two seconds: JSON, regular expressions, maps and a sort.
# needs: node
set -eu
case $1 in
prepare)
    cat >work.js <<'NODE'
let rows = [];
for (let i = 0; i < 2000; i++)
    rows.push({ id: i, name: `row ${i}`, tags: [`a${i % 7}`, 'b'] });
let matches = 0;
for (let round = 0; round < Number(process.argv[2]); round++) {
    const text = JSON.stringify(rows);
    matches += text.match(/"row (\d+7)"/g).length;
    matches += text.replace(/"tags":\[([^\]]*)\]/g, '$1').length;
    rows = JSON.parse(text);
    const byName = new Map(rows.map((row) => [row.name, row]));
    matches += [...byName.keys()].sort().indexOf(`row ${round % 2000}`);
}
console.log(matches);
NODE
    ;;
run) exec node work.js $((600 / BENCH_DIVISOR)) ;;
esac
