#!/usr/bin/env bash
# Requests per CPU-second of the generator against nginx, `rate = "max"` beside wrk, and beside oha and k6 where they
# are on the PATH: ROUNDS interleaved rounds of SECONDS each, medians, at 64 and 512 connections. The generator and
# the server have a CPU each. Starting, the report and its charts are in what is counted for us.
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
wrk_rate() {
    local used
    used=$(cpu wrk -t1 -c"$1" -d"${seconds}s" "$url/health")
    awk -v cpu="$used" '/requests in/ {print $1 / cpu}' out
}

oha_rate() {
    local used
    used=$(cpu oha --no-tui --output-format json -c "$1" -z "${seconds}s" "$url/health")
    python3 -c 'import json, sys; s = json.load(open("out")); print(sum(s["statusCodeDistribution"].values()) / float(sys.argv[1]))' "$used"
}
k6_rate() {
    local used
    printf "import http from 'k6/http'; export default () => { http.get('%s/health'); }" "$url" >k6.js
    used=$(cpu k6 run --quiet --summary-export k6.json --vus "$1" --duration "${seconds}s" k6.js)
    python3 -c 'import json, sys; print(json.load(open("k6.json"))["metrics"]["http_reqs"]["count"] / float(sys.argv[1]))' "$used"
}

peers=(wrk)
for peer in oha k6; do ! command -v "$peer" >/dev/null || peers+=("$peer"); done
for connections in 64 512; do
    for who in ours "${peers[@]}"; do : >"$who.rates"; done
    for _ in $(seq "$rounds"); do
        ours "$connections" >>ours.rates
        for peer in "${peers[@]}"; do "${peer}_rate" "$connections" >>"$peer.rates"; done
    done
    a=$(median <ours.rates)
    for peer in "${peers[@]}"; do
        awk -v c="$connections" -v a="$a" -v b="$(median <"$peer.rates")" -v p="$peer" \
            'BEGIN {printf "%d connections: piaotan %.0f, %s %.0f requests per CPU-second, ratio %.2f\n", c, a, p, b, a / b}'
    done
done
