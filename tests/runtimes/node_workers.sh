# Node: worker threads, the just-in-time compiler, libuv's pool, timers, random numbers.
limit=240
command=(node "$WORK/program.js")
prepare() {
    cat >"$WORK/program.js" <<'JS'
const {Worker, isMainThread, parentPort} = require('worker_threads');
const fs = require('fs');
if (isMainThread) {
    const results = [];
    const done = (result) => {
        results.push(result);
        if (results.length === 5)
            console.log(results.join(' '), process.hrtime.bigint());
    };
    for (let i = 0; i < 3; i++)
        new Worker(__filename).on('message', done);
    fs.readFile(__filename, (error, data) => done(data.length));
    setTimeout(() => done('timer'), 5);
} else {
    let hash = 0;
    for (let i = 0; i < 2e6; i++)
        hash = (hash * 31 + i) | 0;
    parentPort.postMessage(hash + ':' + Math.random());
}
JS
}
