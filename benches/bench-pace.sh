#!/usr/bin/env bash
# How exactly arrivals come: 2,000/s for SECONDS, stamped where the platform accepts them. Prints the rate achieved
# and the deviation of arrivals from an even spacing, its middle taken as zero.
# Usage: benches/bench-pace.sh [PIAOTAN] [SECONDS]
set -euo pipefail
piaotan=$(realpath "${1:-target/release/piaotan}"); seconds=${2:-20}
source "$(dirname "$0")/nginx.sh"
cd "$work"
printf '[log]\nkeep = 200000\n' >weather.toml
taskset -c 0 "$piaotan" platform --listen 127.0.0.1:0 --weather weather.toml >platform.out 2>platform.err & pids+=($!)
until grep -q listening platform.out; do sleep 0.05; kill -0 "${pids[0]}"; done
url=$(awk '/listening on/ {print $3; exit}' platform.out)
cat >pace.toml <<EOF
name = "pace"
[load]
rate = 2000
duration = "${seconds}s"
workers = 1
[sync]
track = 0.0
drain = "0s"
[[mix]]
journey = "probe"
EOF
taskset -c $(($(nproc) - 1)) "$piaotan" run pace.toml --target "$url" --out run --listen 127.0.0.1:0 --no-notices --format json >out 2>err || true
python3 - "$url" "$seconds" <<'EOF'
import json, sys, urllib.request
url, seconds = sys.argv[1], int(sys.argv[2])
at, after = [], 0
while True:
    page = json.load(urllib.request.urlopen(f"{url}/_weather/log?after={after}&limit=10000"))
    entries = page.get("data", page)["entries"]
    # Asking for the log is an entry of its own.
    ours = [e["at"] / 1e9 for e in entries if e["operation"] == "health"]
    if not ours: break
    at += ours
    after = entries[-1]["seq"]
at.sort()
at = at[-2000 * seconds:]
n = len(at)
rate = (n - 1) / (at[-1] - at[0])
off = sorted(t - i / 2000 for i, t in enumerate(at))
middle = off[n // 2]
dev = sorted(abs(o - middle) for o in off)
print(f"{n} arrivals, {rate:.2f}/s ({100 * (rate / 2000 - 1):+.3f} %)")
print("deviation of arrivals: " + ", ".join(f"{name} {1e6 * dev[int(q * (n - 1))]:.0f} us" for name, q in [("p50", .5), ("p99", .99), ("max", 1.0)]))
s = json.load(open("out"))
print("generator's own lateness:", {k: f"{1e6 * v:.0f} us" for k, v in s["generator"]["lateness"].items()}, "cpu", round(s["generator"]["cpu"], 2))
EOF
