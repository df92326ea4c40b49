#!/usr/bin/env bash
# Requests per CPU-second of the generator against nginx, `rate = "max"` beside wrk: ROUNDS interleaved rounds of
# SECONDS each, medians, at 64 and 512 connections. The generator and the server have a CPU each.
# Usage: benches/bench-max.sh [PIAOTAN] [ROUNDS] [SECONDS]
set -euo pipefail
piaotan=$(realpath "${1:-target/release/piaotan}"); rounds=${2:-10}; seconds=${3:-4}
source "$(dirname "$0")/nginx.sh"
last=$(($(nproc) - 1))
serve 0
cd "$work"

# CPU seconds, user and system, of a command on the last CPU; its standard output goes to $work/out.
cpu() { { TIMEFORMAT='%U %S'; time taskset -c "$last" "$@" >out 2>err; } 2>&1 | awk '{print $1 + $2}'; }
ours() {
    local used
    rm -rf run
    used=$(cpu "$piaotan" run throughput --target "$url" --out run --listen 127.0.0.1:0 --no-notices --format json \
        --set load.duration="${seconds}s" --set load.connections="$1") || true
    python3 -c 'import json, sys; s = json.load(open("out")); assert s["conserved"]; print(s["requests"]["sent"] / float(sys.argv[1]))' "$used"
}
theirs() {
    local used
    used=$(cpu wrk -t1 -c"$1" -d"${seconds}s" "$url/health")
    awk -v cpu="$used" '/requests in/ {print $1 / cpu}' out
}

for connections in 64 512; do
    : >ours; : >theirs
    for _ in $(seq "$rounds"); do
        ours "$connections" >>ours
        theirs "$connections" >>theirs
    done
    a=$(median <ours); b=$(median <theirs)
    awk -v c="$connections" -v a="$a" -v b="$b" \
        'BEGIN {printf "%d connections: piaotan %.0f, wrk %.0f requests per CPU-second, ratio %.2f\n", c, a, b, a / b}'
done
