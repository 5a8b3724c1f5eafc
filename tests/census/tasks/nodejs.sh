# promises, streams, workers, child processes, timers and compression
# limit: 300
cat >t.js <<'E'
const fs = require('fs'), cp = require('child_process'), zlib = require('zlib'), crypto = require('crypto'), { Worker } = require('worker_threads'), events = require('events');
console.log([3, 1, 2].sort().map(x => x * x), crypto.createHash('sha256').update('abc').digest('hex').slice(0, 16), 2n ** 100n, JSON.stringify({ a: [1, null] }));
fs.writeFileSync('out', 'x'.repeat(1000)); console.log(zlib.gunzipSync(zlib.gzipSync(fs.readFileSync('out'))).length, 'a1b22'.replace(/\d+/g, m => m * 2));
(async () => {
  console.log(await Promise.all([1, 2].map(n => new Promise(r => setTimeout(() => r(n), 20 * n)))));
  console.log(cp.execFileSync('tr', ['a-z', 'A-Z'], { input: 'child' }).toString());
  const c = cp.spawn('sh', ['-c', 'cat; exit 3']); c.stdout.on('data', d => console.log('got ' + d)); c.stdin.end('piped'); const [code] = await events.once(c, 'close'); console.log(code);
  const w = new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true }); console.log((await events.once(w, 'message'))[0]);
  let n = 0; for await (const l of require('readline').createInterface({ input: fs.createReadStream('t.js') })) n++; console.log(n > 5);
  const s = require('net').createServer(k => k.end('socket')).listen('/work/sock', () => { const k = require('net').connect('/work/sock'); k.on('data', d => { console.log(String(d)); s.close(); }); });
})();
E
node t.js
