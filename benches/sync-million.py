#!/usr/bin/env python3
"""Time and memory of `piaotan sync` on many invoices: a CSV, and the ledger of a watch, each with its chart.

    benches/sync-million.py [PIAOTAN] [ROWS] [ROWS_OF_A_HUGE_CSV]

The rows are made up: one upload every 10 ms, exponential delays of mean 40 s looked for every 5 s, 3 % never seen.
Seconds of the wall clock and the largest resident memory of the process, as the kernel counts it.
"""
import os, random, sqlite3, subprocess, sys, tempfile, time
from math import log

PIAOTAN = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else "target/release/piaotan")
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
HUGE = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000_000


def rows(count):
    draw = random.Random(1)
    for i in range(count):
        uploaded = 1_790_000_000.0 + 0.01 * i
        delay = -40.0 * log(1.0 - draw.random())
        last = uploaded + max(0.0, delay - 5.0 * draw.random())
        yield i, uploaded, last, None if draw.random() < 0.03 else last + 5.0


def csv(path, count):
    with open(path, "w") as file:
        file.write("id,uploaded,last_not_seen,first_seen\n")
        for i, uploaded, last, first in rows(count):
            file.write(f"{i:08d},{uploaded:.3f},{last:.3f},{'' if first is None else f'{first:.3f}'}\n")


def ledger(path, count):
    # The program makes the tables; the rows are put in at once.
    subprocess.run([PIAOTAN, "check", "--target", "http://127.0.0.1:9", "--probes", "own_network", "--store", path],
                   capture_output=True, cwd=os.path.dirname(path))
    store = sqlite3.connect(path)
    store.execute("INSERT OR IGNORE INTO run (id, name) VALUES (1, 'watch')")
    store.execute("INSERT INTO account (id, target, owner) VALUES (1, 'http://127.0.0.1:8080', '13800000001')")
    micros = lambda seconds: None if seconds is None else int(seconds * 1e6)
    invoices = ((i + 1, i, f"26112{i:015d}", micros(up), micros(up)) for i, up, _, _ in rows(count))
    store.executemany("INSERT INTO invoice (id, run, token, account, number, issue_date, total, uploaded, accepted) "
                      "VALUES (?, 1, ?, 1, ?, '2026-11-20', '113.00', ?, ?)", invoices)
    sights = ((i + 1, "pending" if first is None else "seen", micros(last), micros(first)) for i, _, last, first in rows(count))
    store.executemany("INSERT INTO sight (invoice, surface, region, state, last_not_seen, first_seen) VALUES (?, 'number', '', ?, ?, ?)", sights)
    store.commit()
    store.close()


def measured(what, *args):
    begun = time.time()
    child = subprocess.Popen([PIAOTAN, "sync", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env=os.environ | {"PIAOTAN_LANG": "en"})
    told = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    print(f"{what:<34}{time.time() - begun:6.2f} s  {used.ru_utime + used.ru_stime:6.2f} s of CPU  {used.ru_maxrss / 1024:7.0f} MiB  exit {child.returncode}  "
          + " ".join(told.split())[:90], flush=True)


with tempfile.TemporaryDirectory() as folder:
    csv(f"{folder}/rows.csv", ROWS)
    measured(f"{ROWS} rows, CSV, chart as SVG", f"{folder}/rows.csv", "--chart", f"{folder}/curve.svg")
    measured(f"{ROWS} rows, CSV, chart as PNG", f"{folder}/rows.csv", "--chart", f"{folder}/curve.png")
    ledger(f"{folder}/piaotan.db", ROWS)
    measured(f"{ROWS} rows, ledger, chart as PNG", "--store", f"{folder}/piaotan.db", "--chart", f"{folder}/curve.png")
    if HUGE:
        csv(f"{folder}/huge.csv", HUGE)
        measured(f"{HUGE} rows, CSV", f"{folder}/huge.csv")
