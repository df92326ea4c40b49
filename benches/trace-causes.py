#!/usr/bin/env python3
"""Prepares causes on reference platforms and on this machine, and asks `piaotan trace` for them.

    benches/trace-causes.py [PIAOTAN] [CAUSE...]

Each case is prepared by a client of its own, which shares no code with the program that is asked, and has
its own empty store unless it says otherwise. One line a case: expected cause, what was prepared, cause and
certainty that came. Exit 1 when fewer than 95 % are right, or when a wrong one was called sure or likely.
Needs openssl; `own_network` also needs a network namespace (unshare), and is skipped aloud without.
"""
import json, os, shutil, socket, ssl, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request
from datetime import datetime, timedelta, timezone

PIAOTAN = os.path.realpath(sys.argv[1] if len(sys.argv) > 1 else "target/release/piaotan")
ONLY = sys.argv[2:]
BEIJING = timezone(timedelta(hours=8))
MOBILE, PASSWORD = "13800000001", "Synthetic2026x"
SUMS = [("100.00", "13.00", "113.00", "壹佰壹拾叁元整"), ("1000.00", "60.00", "1060.00", "壹仟零陆拾元整"),
        ("50.00", "1.50", "51.50", "伍拾壹元伍角整")]
SLOW, NEVER = "[[sync]]\ndelay = 3600\n", "[[sync]]\ndelay = 1\nlost = 1.0\n"
CASES, serial = [], 0


def today(days=0):
    return (datetime.now(BEIJING) + timedelta(days=days)).strftime("%Y-%m-%d")


def number(region="11"):
    """A number that nobody has: year, region, channel 2, sequence."""
    global serial
    serial += 1
    return f"{datetime.now(BEIJING):%y}{region}2{770000 + serial:015d}"


def case(cause, what):
    def kept(function):
        CASES.append((cause, what, function))
        return function
    return kept


class Desk:
    """A platform with its weather, an owner of invoices, and somebody who asks where they are."""

    def __init__(self, weather="", tls=False, seed=1, platform=True):
        self.folder, self.ended = tempfile.mkdtemp(prefix="causes-"), []
        self.token = self.account = None
        if not platform:
            return
        with open(f"{self.folder}/weather.toml", "w") as file:
            file.write(weather)
        line = [PIAOTAN, "platform", "--listen", "127.0.0.1:0", "--exit-with-stdin", "--seed", str(seed),
                "--weather", f"{self.folder}/weather.toml"]
        line += ["--tls", f"{self.folder}/ca.pem"] if tls else []
        self.child = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.child.stdout.readline().strip().removeprefix("listening on ")
        assert self.url.startswith("http"), "the platform did not start"
        self.ended.append(self.end)

    def end(self):
        self.child.kill()
        self.child.wait()

    def close(self):
        for end in self.ended:
            end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None, kind="application/json"):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Accept-Language": "en"} | ({"Content-Type": kind} if data is not None else {})
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            text = urllib.request.urlopen(request, timeout=20).read()
        except urllib.error.HTTPError as error:
            text = error.read()
        return json.loads(text or b"null")

    def login(self, mobile=MOBILE):
        self.call("POST", "/api/sms", {"mobile": mobile})
        code = self.call("GET", f"/_inbox/{mobile}")["data"]["code"]
        self.call("POST", "/api/register",
                  {"mobile": mobile, "name": "某公司", "password": PASSWORD, "sms_code": code})
        self.token = self.call("POST", "/api/login", {"mobile": mobile, "password": PASSWORD})["data"]["token"]

    def fields(self, which=0, **other):
        amount, tax, total, words = SUMS[which % len(SUMS)]
        fields = {"number": number(), "issue_date": today(), "amount": amount, "tax": tax, "total": total,
                  "total_words": words, "title": "北京某某科技有限公司", "buyer_tax_id": "91110108MA01234567",
                  "seller_name": "上海某某商贸有限公司", "seller_tax_id": "91310115MA07654321"}
        return fields | {name: value for name, value in other.items() if value is not None}

    def upload(self, fields=None, method="POST", path="/api/invoices"):
        """Uploads a PDF with these fields; gives the fields."""
        if not self.token:
            self.login()
        fields, parts = fields or self.fields(), []
        for name, value in fields.items():
            parts.append(f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
        parts.append(b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
                     b"Content-Type: application/pdf\r\n\r\n%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\r\n--edge--\r\n")
        answer = self.call(method, path, b"".join(parts), "multipart/form-data; boundary=edge")
        assert answer["code"] == "0000", answer
        return fields

    def weather(self, text):
        answer = self.call("PUT", "/_weather?from=now", text.encode(), "application/toml")
        assert answer is None or answer.get("code", "0000") == "0000", answer

    def trace(self, which, *flags, config="", store=None, prefix=(), url=None, trusts=None):
        with open(f"{self.folder}/piaotan.toml", "w") as file:
            file.write(config)
        line = [*prefix, PIAOTAN, "trace", which, "--target", url or self.url, "--format", "json", "--store",
                store or tempfile.mktemp(suffix=".db", dir=self.folder), *flags]
        done = subprocess.run(line, cwd=self.folder, capture_output=True, text=True, timeout=90,
                              env=os.environ | {"PIAOTAN_LANG": "en"} | ({"SSL_CERT_FILE": trusts} if trusts else {}))
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"cause": f"no answer: {done.stderr.strip()}", "certainty": "none"}

    def paper(self, fields, *flags, **more):
        """Asks with everything that stands on the paper."""
        return self.trace(fields["number"], "--date", fields["issue_date"], "--amount", fields["total"], *flags, **more)

    def check(self, config, probe="invoice_roundtrip"):
        """Lets the suite make a synthetic invoice of its own; gives its number, and the store."""
        with open(f"{self.folder}/piaotan.toml", "w") as file:
            file.write("[probes]\nreview_patience = '200ms'\nvisible_patience = '200ms'\n" + config)
        store = f"{self.folder}/own.db"
        subprocess.run([PIAOTAN, "check", "--target", self.url, "--probes", probe, "--store", store],
                       cwd=self.folder, capture_output=True, timeout=60)
        import sqlite3
        return sqlite3.connect(store).execute("SELECT number FROM invoice ORDER BY id DESC").fetchone()[0], store


# What is there.
@case("visible", "asked with the paper, and by number alone")
def _(k):
    desk = Desk()
    fields = desk.upload(desk.fields(k))
    return desk, desk.paper(fields) if k else desk.trace(fields["number"])


@case("browser_side", "there, unseen in one's own browser")
def _(k):
    desk = Desk()
    fields = desk.upload(desk.fields(k))
    return desk, desk.paper(fields, "--unseen-in-browser") if k else desk.trace(fields["number"], "--unseen-in-browser")


# The way to the platform.
@case("own_network", "no network at all (a namespace of its own): address, name, https")
def _(k):
    if subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode:
        return None, None
    desk = Desk(platform=False)
    url = ["http://192.0.2.10:8080", "http://invoice.invalid", "https://192.0.2.10"][k]
    config = "[probes]\nreferences = ['192.0.2.20:443', 'reference.invalid:443']\n"
    return desk, desk.trace(number(), config=config, prefix=("unshare", "-n"), url=url)


@case("dns", "a name that does not exist: network looked at, not looked at, https")
def _(k):
    desk = Desk(platform=False)
    there = socket.create_server(("127.0.0.1", 0))
    desk.ended.append(there.close)
    config = f"[probes]\nreferences = ['127.0.0.1:{there.getsockname()[1]}']\n" if k != 1 else ""
    url = ["http://no-such-platform.invalid", "http://invoice.invalid:8080", "https://fapiao.invalid"][k]
    return desk, desk.trace(number(), config=config, url=url)


@case("tls", "a certificate nobody vouches for; no TLS at the port; a trusted one of another name")
def _(k):
    if k == 0:
        desk = Desk(tls=True)
        return desk, desk.trace(number())
    if k == 1:
        desk = Desk()
        return desk, desk.trace(number(), url=desk.url.replace("http:", "https:"))
    desk = Desk(platform=False)
    pem = f"{desk.folder}/other.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", pem + ".key", "-out", pem,
                    "-days", "2", "-subj", "/CN=other.test", "-addext", "subjectAltName=DNS:other.test"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, pem + ".key")
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                context.wrap_socket(server.accept()[0], server_side=True).close()
            except ssl.SSLError:
                continue
            except OSError:
                return
    threading.Thread(target=serve, daemon=True).start()
    desk.ended.append(server.close)
    return desk, desk.trace(number(), url=f"https://localhost:{server.getsockname()[1]}", trusts=pem)


@case("platform_down", "nobody listens; every answer is 500; it hangs")
def _(k):
    desk = Desk()
    fields = desk.upload()
    if k == 0:
        desk.end()
        return desk, desk.paper(fields)
    fault = ["", "kind = 'error'\nshare = 1.0\n", "kind = 'stall'\nseconds = 600.0\nshare = 1.0\n"][k]
    desk.weather(f"[[fault]]\noperations = ['everything']\n{fault}")
    return desk, desk.paper(fields, config="[probes]\ntimeout = '2s'\n")


@case("maintenance", "503 with Retry-After; a page; a business code under 200")
def _(k):
    desk = Desk()
    fields = desk.upload(desk.fields(k))
    answer = ["503", "html", "code"][k]
    desk.weather(f"[[maintenance]]\nat = 0.0\nfor = 3600.0\nanswer = '{answer}'\noperations = ['everything']\n")
    return desk, desk.paper(fields)


@case("maintenance", "announced, and the port closed; 504; connections reset")
def _(k):
    desk = Desk()
    fields = desk.upload(desk.fields(k))
    answer = ["refuse", "504", "reset"][k]
    desk.weather(f"[[maintenance]]\nat = 0.0\nfor = 3600.0\nanswer = '{answer}'\noperations = ['everything']\n")
    now = datetime.now(timezone.utc)
    start, end = [(now + timedelta(minutes=m)).isoformat(timespec="seconds") for m in (-10, 50)]
    config = f"[[maintenance.window]]\nid = 'upgrade'\nstart = '{start}'\nend = '{end}'\n"
    return desk, desk.paper(fields, config=config)


# What the platform has of it.
@case("malformed_number", "a digit short; a letter for a digit; the code missing")
def _(k):
    desk = Desk()
    whole = number()
    wrong = [whole[:-1], whole[:9] + "O" + whole[10:], whole[-8:]][k]
    return desk, desk.trace(wrong, "--date", today(), "--amount", "113.00") if k else desk.trace(wrong)


@case("not_issued", "dated tomorrow; dated long ago and known nowhere, twice")
def _(k):
    desk = Desk()
    return desk, desk.trace(number(), "--date", today([1, -20, -300][k]), "--amount", "113.00")


@case("not_uploaded", "of today; said to be uploaded; by number alone")
def _(k):
    desk = Desk()
    flags = [("--date", today(), "--amount", "113.00"), ("--uploaded", f"{today()} 00:01"), ()][k]
    return desk, desk.trace(number(), *flags)


@case("upload_refused", "one of a batch: date, sum, tax id that is none")
def _(k):
    desk = Desk()
    desk.login()
    wrong = [{"issue_date": "2026-13-40"}, {"total": "many"}, {"buyer_tax_id": "x"}][k]
    items = [desk.fields(1), desk.fields(0, **wrong), desk.fields(2)]
    desk.call("POST", "/api/batches", {"key": f"month-{k}", "items": items})
    return desk, desk.trace(items[1]["number"], "--batch", f"month-{k}")


@case("upload_refused", "a synthetic one whose upload was throttled, in maintenance, refused by its file")
def _(k):
    weather = ["[[throttle]]\noperations = ['upload']\nwindows = [{limit = 1, seconds = 3600}]\n",
               "[[maintenance]]\nat = 0.0\noperations = ['upload']\nanswer = 'code'\n",
               "[rules]\nmax_file = 10\n"][k]
    desk = Desk(weather)
    made = [desk.check("") for _ in range(2 if k == 0 else 1)]
    return desk, desk.trace(made[-1][0], store=made[-1][1])


@case("batch_unanswered", "a key nobody knows; not among its items; the question about the batch fails")
def _(k):
    desk = Desk()
    desk.login()
    items = [desk.fields(each) for each in range(3)]
    desk.call("POST", "/api/batches", {"key": "known", "items": items})
    if k == 2:
        desk.weather("[[fault]]\nkind = 'error'\nshare = 1.0\noperations = ['batch_status']\n")
    return desk, desk.trace(number(), "--batch", ["unknown", "known", "lost"][k])


@case("review_pending", "slow review; sent again after a rejection; a queue for one reviewer")
def _(k):
    weather = ["[[review]]\ndelay = 3600.0\n", "", "[[review]]\ndelay = 600.0\nreviewers = 1\n"][k]
    desk = Desk(weather)
    if k != 1:
        fields = [desk.upload(desk.fields(each)) for each in range(1 + k)][-1]
        return desk, desk.paper(fields)
    fields = desk.upload(desk.fields(0, total_words="壹佰元整"))
    desk.weather("[[review]]\ndelay = 3600.0\n")
    fields["total_words"] = SUMS[0][3]
    desk.upload(fields, "PUT", f"/api/invoices/{fields['number']}")
    return desk, desk.paper(fields)


@case("review_rejected", "words differ; sums differ; drawn")
def _(k):
    desk = Desk(["", "", "[[review]]\nreject = 1.0\ndelay = 0.05\n"][k])
    wrong = [{"total_words": "壹佰元整"}, {"tax": "3.00"}, {}][k]
    fields = desk.upload(desk.fields(0, **wrong))
    time.sleep(0.2)
    return desk, desk.paper(fields) if k else desk.trace(fields["number"])


@case("details_differ", "another sum, another date on the paper; the platform's own record altered")
def _(k):
    desk = Desk()
    fields = desk.upload()
    if k == 2:
        time.sleep(0.1)
        desk.weather("[[upgrade]]\nat = 0.0\nalter = 1.0\n")
        time.sleep(0.2)
        return desk, desk.paper(fields)
    return desk, desk.paper(fields | [{"total": "131.00"}, {"issue_date": today(-1)}][k])


@case("voided", "voided; red-flushed; voided and asked for with the paper")
def _(k):
    desk = Desk()
    fields = desk.upload(desk.fields(k))
    desk.call("POST", f"/api/invoices/{fields['number']}/{['void', 'red-flush', 'void'][k]}")
    return desk, desk.paper(fields) if k else desk.trace(fields["number"])


@case("agent_issued", "issued by an agent and there; on paper by an agent and never submitted; no review to ask")
def _(k):
    desk = Desk()
    if k == 0:
        fields = desk.upload(desk.fields(0, issuer_tax_id="11310000000000001X"))
        return desk, desk.paper(fields)
    if k == 2:
        desk.weather("[[fault]]\nkind = 'error'\nshare = 1.0\noperations = ['status']\n")
    return desk, desk.trace(number(), "--date", today(), "--amount", "113.00", "--by-agent")


# The wait.
@case("other_region", "not in the region asked for; in other regions first; here and nowhere else")
def _(k):
    weather = ["[[sync]]\nsurfaces = ['31']\ndelay = 3600\n",
               "[[sync]]\nsurfaces = ['number', 'keyword']\ndelay = 3600\n",
               "[[sync]]\nsurfaces = ['regions']\ndelay = 3600\n"][k]
    desk = Desk(weather)
    fields = desk.upload()
    return desk, desk.trace(fields["number"], *(("--region", "31") if k == 0 else ()))


@case("not_yet_synced", "nowhere yet; the verification behind; published in batches")
def _(k):
    weather = [SLOW, "[[sync]]\nsurfaces = ['verify']\ndelay = 3600\n", "[[sync]]\ndelay = 5\nevery = 3600.0\n"][k]
    desk = Desk(weather)
    return desk, desk.paper(desk.upload(desk.fields(k)))


@case("not_yet_synced", "not on the day of issue; being checked; sent by batch")
def _(k):
    desk = Desk(["[rules]\nsame_day = false\n", "[rules]\nchecking = 7200\n[[sync]]\nsurfaces = ['verify']\ndelay = 3600\n", SLOW][k])
    if k < 2:
        return desk, desk.paper(desk.upload(desk.fields(k)))
    desk.login()
    fields = desk.fields(1)
    desk.call("POST", "/api/batches", {"key": "evening", "items": [fields]})
    return desk, desk.paper(fields, "--batch", "evening")


@case("late", "accepted 30 h ago; 70 h ago; a promise of two seconds")
def _(k):
    desk = Desk([f"[[clock]]\nskew = -{30 * 3600}.0\n", f"[[clock]]\nskew = -{70 * 3600}.0\n", ""][k] + NEVER)
    fields = desk.upload(desk.fields(k, issue_date=today(-3)))
    if k < 2:
        return desk, desk.paper(fields)
    time.sleep(2.2)
    return desk, desk.paper(fields, config="[probes]\npromise = '2s'\n")


@case("lost", "accepted four days ago; its batch lost, nine days ago; given up by our own ledger")
def _(k):
    if k < 2:
        batch = "[[sync]]\ndelay = 1.0\nevery = 10.0\nbatch_lost = 1.0\n"
        desk = Desk(f"[[clock]]\nskew = -{[96, 216][k] * 3600}.0\n" + [NEVER, batch][k])
        return desk, desk.paper(desk.upload(desk.fields(k, issue_date=today(-10))))
    desk = Desk(NEVER)
    config = "promise = '1s'\ngive_up = '2s'\n"
    which, store = desk.check(config)
    time.sleep(2.2)
    for _ in range(2):
        desk.check(config, "sync_delay")
        time.sleep(0.5)
    return desk, desk.trace(which, config="[probes]\n" + config, store=store)


@case("over_limit", "one verification a day, spent; five spent; the review cannot be asked")
def _(k):
    desk = Desk(f"[rules]\ndaily_limit = {[1, 5, 2][k]}\n")
    fields = desk.upload(desk.fields(k))
    for _ in range([1, 5, 2][k]):
        desk.call("GET", f"/api/verify?number={fields['number']}&date={fields['issue_date']}&total={fields['total']}")
    if k == 2:
        desk.weather("[rules]\ndaily_limit = 2\n[[fault]]\nkind = 'error'\nshare = 1.0\noperations = ['status']\n")
    return desk, desk.paper(fields)


@case("unknown", "the review cannot be asked and nothing is there; throttled; only the verification answers")
def _(k):
    desk = Desk()
    desk.login()
    broken = ["operations = ['status']", "operations = ['status']", "operations = ['status', 'query', 'search']"][k]
    if k == 1:
        desk.weather("[[throttle]]\noperations = ['status', 'query', 'search', 'verify']\nwindows = [{limit = 1, seconds = 3600}]\n"
                     "[[fault]]\nkind = 'error'\nshare = 1.0\n" + broken)
    else:
        desk.weather(f"[[fault]]\nkind = 'error'\nshare = 1.0\n{broken}\n")
    return desk, desk.trace(number(), "--date", today(), "--amount", "113.00") if k == 2 else desk.trace(number())


def main():
    asked = right = confident = 0
    causes, skipped = set(), []
    print(f"{'expected':<17}{'found':<17}{'certainty':<10}prepared")
    for cause, what, prepare in CASES:
        if ONLY and cause not in ONLY:
            continue
        for k in range(3):
            desk, answer = prepare(k)
            if answer is None:
                skipped.append(f"{cause} {k + 1}")
                continue
            desk.close()
            asked += 1
            causes.add(cause)
            found, certainty = answer["cause"], answer["certainty"]
            right += found == cause
            confident += found != cause and certainty in ("sure", "likely")
            mark = "" if found == cause else "   WRONG"
            print(f"{cause:<17}{found:<17}{certainty:<10}{what} [{k + 1}]{mark}", flush=True)
            if mark:
                print("    " + json.dumps(answer, ensure_ascii=False)[:1500])
    share = right / max(asked, 1)
    print(f"{asked} traces of {len(causes)} causes: {right} right ({share:.1%}), {confident} wrong and called sure or likely"
          + (f"; skipped: {', '.join(skipped)}" if skipped else ""))
    sys.exit(0 if asked and share >= 0.95 and confident == 0 else 1)


main()
