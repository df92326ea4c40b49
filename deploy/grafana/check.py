#!/usr/bin/env python3
"""Runs every query of the dashboards, and every rule, against a real Prometheus.

    check.py http://127.0.0.1:9090 [dashboards]

Prints one line a query: ok (points), EMPTY or ERROR. Panels that need an event to show anything are
given by title in EVENTS and may be empty. Exits 1 when any other query is empty or wrong. No
Grafana server is needed, and none was: this checks the queries, not the pictures.
"""
import json
import math
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

EVENTS = {"Until the end", "Until the next start", "Verdict", "Findings", "Recent against before"}


def ask(base, path, **parameters):
    url = f"{base}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def filled_in(expr):
    for name, value in (("$__rate_interval", "20s"), ("$__range", "1m"), ("$job", ".+"), ("$instance", ".+")):
        expr = expr.replace(name, value)
    return expr


def points(base, expr):
    now = time.time()
    answer = ask(base, "query_range", query=expr, start=now - 120, end=now, step=2)
    if answer["status"] != "success":
        return None, answer.get("error", "")
    values = [float(v) for series in answer["data"]["result"] for _, v in series["values"]]
    return sum(not math.isnan(v) for v in values), ""


def main():
    base = sys.argv[1].rstrip("/")
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "dashboards")
    bad = total = 0
    for path in sorted(folder.glob("*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        queries = [(p["title"], t["expr"]) for p in board["panels"] for t in p["targets"]]
        queries += [("annotation " + a["name"], a["expr"]) for a in board["annotations"]["list"]]
        for title, expr in queries:
            total += 1
            count, error = points(base, filled_in(expr))
            word = f"ERROR {error}" if count is None else f"ok {count}" if count else "EMPTY"
            event = title in EVENTS
            bad += count is None or (not count and not event)
            print(f"{board['uid']:18} {title[:44]:44} {word}{' (needs an event)' if event and not count else ''}")
    groups = ask(base, "rules")["data"]["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        total += 1
        if rule["health"] == "err":
            bad += 1
            print(f"rule {rule['name']}: {rule.get('lastError')}")
    print(f"{total} queries and rules, {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
