#!/usr/bin/env python3
"""Kills a watch with SIGKILL while thousands of its invoices wait for synchronisation, and counts what is lost.

    benches/kill-watch.py [PIAOTAN] [KILLS] [INVOICES]

Two watches, each with a platform of its own and the same weather: one is killed and started again at random
instants, from the first uploads to the last invoices; the other is left alone. The truth is the platforms'.
Exit 1 when an invoice was forgotten, looked for oftener than twice what the schedule allows, given up although
it came in time, or when the curves differ.
"""
import json, os, random, signal, sqlite3, subprocess, sys, tempfile, time, urllib.request
from datetime import datetime
from math import log

PIAOTAN = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else "target/release/piaotan")
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
WANTED = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
GIVE_UP, LOST, MEDIAN, SIGMA = 330, 0.005, 100.0, 0.35
WEATHER = f"""[[sync]]
delay = {{kind = "lognormal", median = {MEDIAN}, sigma = {SIGMA}}}
lost = {LOST}
"""
QUICK = f"""[probes]
which = [WHICH]
every = "250ms"
intervals = {{invoice_roundtrip = "30ms"}}
visible_patience = "1ms"
looks_per_run = 500
promise = "{GIVE_UP // 2}s"
give_up = "{GIVE_UP}s"
"""


def profile(folder):
    """The reference profile with one surface, so that looks are about invoices and not about places."""
    text = open(f"{ROOT}/crates/client/profiles/reference.toml").read()
    parts = text.split("\n[")
    gone = ("operation.query_keyword", "operation.query_region", "operation.verify")
    parts = [part for part in parts if not part.startswith(gone)]
    path = f"{folder}/profile.toml"
    open(path, "w").write("\n[".join(parts).replace('regions = ["11", "31", "44"]', 'regions = ["11"]'))
    return path


class Watched:
    def __init__(self, name, kills):
        self.name, self.kills = name, sorted(kills)
        self.folder = tempfile.mkdtemp(prefix=f"kill-watch-{name}-")
        self.killed, self.child, self.uploading = 0, None, None
        open(f"{self.folder}/weather.toml", "w").write(WEATHER)
        self.platform = subprocess.Popen([PIAOTAN, "platform", "--listen", "127.0.0.1:0", "--exit-with-stdin", "--weather",
                                          f"{self.folder}/weather.toml"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.platform.stdout.readline().strip().removeprefix("listening on ")
        self.profile = profile(self.folder)
        self.upload(True)
        self.start()

    def upload(self, uploading):
        if self.uploading != uploading:
            which = '"invoice_roundtrip", "sync_delay"' if uploading else '"sync_delay"'
            open(f"{self.folder}/piaotan.toml", "w").write(QUICK.replace("WHICH", which))
            self.uploading = uploading

    def start(self):
        log_file = open(f"{self.folder}/watch.log", "a")
        self.child = subprocess.Popen([PIAOTAN, "watch", "--target", self.url, "--profile", self.profile, "--store", "piaotan.db",
                                       "--listen", "127.0.0.1:0"], cwd=self.folder, stdout=log_file, stderr=log_file,
                                      env=os.environ | {"PIAOTAN_LANG": "en"})

    def step(self, elapsed):
        if self.kills and elapsed >= self.kills[0]:
            self.kills.pop(0)
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()
            self.killed += 1
            self.start()
        elif self.child.poll() is not None:
            raise SystemExit(f"{self.name}: the watch ended by itself, see {self.folder}/watch.log")
        if self.uploading and self.arrivals().get("upload", 0) >= WANTED:
            self.upload(False)

    def get(self, path):
        return json.load(urllib.request.urlopen(self.url + path))

    def arrivals(self):
        return self.get("/_weather/counts")["data"]["arrivals"]

    def pending(self):
        with sqlite3.connect(f"file:{self.folder}/piaotan.db?mode=ro", uri=True, timeout=30) as store:
            return store.execute("SELECT count(*) FROM sight WHERE state = 'pending'").fetchone()[0]

    def end(self):
        self.child.terminate()
        self.child.wait()
        self.truth = self.get(f"/_weather/truth?invoices={10 * WANTED}")["data"]["invoices"]
        self.asked = self.arrivals()
        self.platform.kill()
        with sqlite3.connect(f"{self.folder}/piaotan.db", timeout=30) as store:
            self.rows = store.execute(
                "SELECT number, uploaded / 1e6, accepted / 1e6, state, last_not_seen / 1e6, first_seen / 1e6, looks + unknowns "
                "FROM invoice JOIN sight ON sight.invoice = invoice.id").fetchall()

    def told(self):
        """What the ledger says beside the truth of the platform."""
        at = lambda text: datetime.fromisoformat(text[:26] + text[-6:]).timestamp() if text else None
        truth = {each["number"]: (at(each["decided"]), at(each["seen"]["number"])) for each in self.truth}
        ledger = {row[0]: row for row in self.rows}
        told = {"truth": len(truth), "forgotten": len(truth.keys() - ledger.keys()), "pending": 0, "outside": 0, "often": 0.0,
                "looks": sum(row[6] for row in self.rows), "lost": 0, "truly_gone": 0, "late_start": 0.0}
        for number, (accepted, seen) in truth.items():
            if number not in ledger:
                continue
            _, _, began, state, before, after, looks = ledger[number]
            never = seen is None
            told["pending"] += state == "pending"
            told["lost"] += state == "lost"
            # What comes after the watch has given up is lost to it, as what never comes.
            told["truly_gone"] += never or seen - accepted > GIVE_UP
            told["outside"] += not ((before is None or never or before <= seen + 0.05) and (after is None or (not never and after >= seen - 0.05)))
            told["late_start"] = max(told["late_start"], abs((began or accepted) - accepted))
            # The schedule: one look at two seconds of age, each next 1.15 times later; three to begin with.
            age = (GIVE_UP if never else seen - accepted) + 2.0
            told["often"] = max(told["often"], looks / (3 + log(max(age, 2.3) / 2.0) / log(1.15)))
        return told


def curves(watched):
    """The verdict of `piaotan sync` on both ledgers as two groups."""
    path = f"{watched[0].folder}/both.csv"
    with open(path, "w") as file:
        file.write("id,uploaded,last_not_seen,first_seen,group\n")
        for one in watched:
            for number, uploaded, accepted, _, before, after, _ in one.rows:
                began = accepted or uploaded
                before = max(before, began) if before else began
                cells = [number, f"{began:.6f}", f"{before:.6f}", f"{max(after, before):.6f}" if after else "", one.name]
                file.write(",".join(cells) + "\n")
    done = subprocess.run([PIAOTAN, "sync", path, "--format", "json"], capture_output=True, text=True)
    answer = json.loads(done.stdout)
    return answer["regression"]


def main():
    draw = random.Random(7)
    uploads = WANTED / 25
    kills = [draw.uniform(2, uploads + 2 * MEDIAN) for _ in range(KILLS)]
    watched = [Watched("alone", []), Watched("killed", kills)]
    begun, most = time.time(), 0
    while time.time() - begun < 900:
        time.sleep(0.2)
        elapsed = time.time() - begun
        for one in watched:
            one.step(elapsed)
        waiting = [one.pending() for one in watched]
        most = max(most, waiting[1])
        if all(one.killed >= (KILLS if one.name == "killed" else 0) and not one.uploading for one in watched) and not any(waiting):
            break
    print(f"{'':<10}{'truth':>8}{'forgotten':>11}{'pending':>9}{'lost':>6}{'truly':>7}{'outside':>9}{'looks':>8}{'asked':>8}{'oftenest':>10}{'began off by':>14}")
    bad = False
    for one in watched:
        one.end()
        told = one.told()
        asked = one.asked.get("query", 0)
        print(f"{one.name:<10}{told['truth']:>8}{told['forgotten']:>11}{told['pending']:>9}{told['lost']:>6}{told['truly_gone']:>7}"
              f"{told['outside']:>9}{told['looks']:>8}{asked:>8}{told['often']:>10.2f}{told['late_start']:>13.2f}s")
        bad |= told["forgotten"] + told["pending"] + told["outside"] > 0 or told["often"] > 2 or told["lost"] != told["truly_gone"]
        bad |= asked > told["looks"] + 50 * (1 + KILLS)
    compared = curves(watched)
    print(f"{watched[1].killed} kills within {max(kills, default=0):.0f} s; at most {most} pending; {time.time() - begun:.0f} s in all")
    print("curves:", json.dumps(compared)[:600])
    result = compared.get("result", compared)
    bad |= result["verdict"] == "fail"
    sys.exit(bad)


main()
