#!/usr/bin/env bash
# Memory: per virtual user of the closed model (1 s think time), and per connection of the open one. Differences of the
# resident memory of a run with many and a run with few, each at its end.
# Usage: benches/bench-memory.sh [PIAOTAN] [USERS]
set -euo pipefail
piaotan=$(realpath "${1:-target/release/piaotan}"); users=${2:-5000}
source "$(dirname "$0")/nginx.sh"
ulimit -n "$(ulimit -H -n)"
serve 0
cd "$work"
cat >closed.toml <<EOF
name = "closed"
[load]
model = "closed"
users = 1
ramp = "10s"
pause = "1s"
duration = "22s"
connections = $users
[sync]
track = 0.0
drain = "0s"
[[mix]]
journey = "probe"
EOF
# Highest resident memory in KiB of a run of these settings.
peak() {
    rm -rf run
    taskset -c $(($(nproc) - 1)) "$piaotan" run "$1" --target "$url" --out run --listen 127.0.0.1:0 --no-notices --format json "${@:2}" >out 2>err &
    local pid=$! most=0 now
    while kill -0 "$pid" 2>/dev/null; do
        now=$(awk '/VmRSS/ {print $2}' "/proc/$pid/status" 2>/dev/null || echo 0)
        most=$(( ${now:-0} > most ? ${now:-0} : most ))
        sleep 0.2
    done
    wait "$pid" || true
    echo "$most"
}
few=$(peak closed.toml --set load.users=50); many=$(peak closed.toml --set load.users="$users")
awk -v a="$few" -v b="$many" -v n="$users" 'BEGIN {printf "closed: %d KiB with 50 users, %d KiB with %d: %.1f KiB a user\n", a, b, n, (b - a) / (n - 50)}'
few=$(peak throughput --set load.connections=10 --set load.duration=8s); many=$(peak throughput --set load.connections="$users" --set load.duration=8s)
awk -v a="$few" -v b="$many" -v n="$users" 'BEGIN {printf "open: %d KiB with 10 connections, %d KiB with %d: %.1f KiB a connection\n", a, b, n, (b - a) / (n - 10)}'
