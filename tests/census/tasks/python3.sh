# classes, generators, files, processes, threads, sqlite, asyncio and archives
cat >t.py <<'E'
import asyncio, collections, concurrent.futures, dataclasses, hashlib, io, json, multiprocessing, os, re, sqlite3, subprocess, tempfile, threading, zipfile
@dataclasses.dataclass(order=True)
class P: x: int; y: str = "d"
print(sorted([P(3), P(1, "z")]), collections.Counter("mississippi").most_common(2), json.dumps({"b": [1, None], "a": 1.5}, sort_keys=True))
print(re.sub(r"(\d+)", lambda m: str(int(m[1]) * 2), "a1b22"), hashlib.sha256(b"abc").hexdigest()[:16], sum(i * i for i in range(1000)), 2 ** 200)
d = sqlite3.connect("out.db"); d.execute("create table t(a)"); d.executemany("insert into t values (?)", [(i,) for i in range(10)]); d.commit(); print(d.execute("select sum(a) from t").fetchone()); d.close(); os.unlink("out.db")
print(subprocess.run(["tr", "a-z", "A-Z"], input="child", capture_output=True, text=True).stdout)
with concurrent.futures.ThreadPoolExecutor(4) as e: print(list(e.map(lambda x: x ** 2, range(6))))
async def f(n): await asyncio.sleep(0.01 * n); return n
async def g(): return await asyncio.gather(*(f(i) for i in range(4)))
print(asyncio.run(g()))
def w(q): q.put(os.getpid() != 1)
q = multiprocessing.SimpleQueue(); p = multiprocessing.Process(target=w, args=(q,)); p.start(); print(q.get()); p.join(); print(p.exitcode)
b = io.BytesIO(); z = zipfile.ZipFile(b, "w"); z.writestr("x", "y" * 100); z.close(); print(zipfile.ZipFile(b).read("x")[:3])
try: open("/nothing")
except OSError as e: print(e)
E
python3 t.py
