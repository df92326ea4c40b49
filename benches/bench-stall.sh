#!/usr/bin/env bash
# A server that stands still for 1 s in every 10, pressed at 1,000/s: what piaotan says of the response time beside
# the truth. The truth is the server's own log: the i-th answer was written at c(i), the i-th arrival was due at d(i).
# Usage: benches/bench-stall.sh [PIAOTAN] [SECONDS]
set -euo pipefail
piaotan=$(realpath "${1:-target/release/piaotan}"); seconds=${2:-30}
source "$(dirname "$0")/nginx.sh"
serve 0 "$work/access.log" done
cd "$work"
(while sleep 9; do kill -STOP "$nginx"; sleep 1; kill -CONT "$nginx"; done) & pids+=($!)
cat >stall.toml <<EOF
name = "stall"
[load]
rate = 1000
duration = "${seconds}s"
[sync]
track = 0.0
drain = "0s"
[[mix]]
journey = "probe"
EOF
for connections in 20 100; do
    rm -rf run
    before=$(wc -l <"$log")
    taskset -c $(($(nproc) - 1)) "$piaotan" run stall.toml --target "$url" --out run --listen 127.0.0.1:0 --no-notices \
        --format json --set load.connections="$connections" >out 2>err || true
    tail -n +$((before + 1)) "$log" >answers
    python3 - "$connections" <<'EOF'
import datetime, json, math, sys
summary = json.load(open("out"))
manifest = json.load(open("run/manifest.json"))
begin = min(json.loads(line)["t"] for line in open("run/tally.ndjson") if json.loads(line).get("scheduled"))
epoch = datetime.datetime.fromisoformat(manifest["started"].replace("Z", "+00:00")).timestamp() + begin
answers = sorted(float(line) for line in open("answers"))
sent = summary["requests"]["sent"]
answers = answers[-sent:]
truth = sorted(at - (epoch + i / 1000) for i, at in enumerate(answers))
health = summary["operations"]["health"]["response"]
print(f"{sys.argv[1]} connections, {sent} requests, conserved {summary['conserved']}")
for name, q in [("p95", .95), ("p99", .99), ("p999", .999), ("max", 1.0)]:
    true = truth[max(0, math.ceil(q * len(truth)) - 1)]
    print(f"  {name:5} told {health[name]:.4f} s  truth {true:.4f} s  {100 * (health[name] / true - 1):+.2f} %")
EOF
done
