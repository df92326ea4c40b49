#!/usr/bin/env bash
# What a watch costs: 1,000 HTTP probes a minute on one core for SECONDS (default 60), with store and metrics.
# Prints CPU per probe, resident memory at the start and the end, and how late probes started (p99). Where
# blackbox_exporter is installed (prometheus-blackbox-exporter), it is asked as often, for the same page.
# Usage: benches/bench-watch.sh [PIAOTAN] [SECONDS]
set -euo pipefail
piaotan=${1:-target/release/piaotan}
seconds=${2:-60}
piaotan=$(realpath "$piaotan")
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

first=0; last=$(($(nproc) - 1))
taskset -c $first "$piaotan" platform --listen 127.0.0.1:0 >platform.out & pids+=($!)
until grep -q listening platform.out; do sleep 0.1; done
target=$(awk '/listening on/ {print $3; exit}' platform.out)

# Five probes of one request each: every 300 ms is 1,000 a minute, every 30 s is 10 a minute.
config() {
    printf '[probes]\nevery = "%s"\nwhich = ["page", "api_health", "dns", "notices_reachable", "own_network"]\n' "$1"
    printf 'intervals = { dns = "%s", notices_reachable = "%s" }\n' "$1" "$1"
}
metric() { curl -s "http://$1/metrics" | awk -v name="$2" '$1 == name {print $2; exit}'; }
runs() { curl -s "http://$1/metrics" | awk '/^piaotan_probe_seconds_count/ {sum += $2} END {print sum + 0}'; }
mean() { curl -s "http://$1/metrics" | awk '/^piaotan_probe_seconds_sum.*page/ {s = $2} /^piaotan_probe_seconds_count.*page/ {n = $2} END {if (n) printf "%.6f", s / n}'; }

start() {
    config "$2" >"$1.toml"
    taskset -c "$last" "$piaotan" watch --target "$target" --config "$1.toml" --store "$1.db" --listen 127.0.0.1:0 >"$1.out" 2>"$1.err" & pids+=($!)
    until grep -q 'status at' "$1.out"; do sleep 0.1; done
    sed 's|.*http://\([^/]*\)/.*|\1|' <(grep 'status at' "$1.out" | sed 's|.*status at ||')
}

slow=$(start slow 30s); fast=$(start fast 300ms)
sleep 5
cpu0=$(metric "$fast" process_cpu_seconds_total); run0=$(runs "$fast"); rss0=$(metric "$fast" process_resident_memory_bytes)
sleep "$seconds"
cpu1=$(metric "$fast" process_cpu_seconds_total); run1=$(runs "$fast"); rss1=$(metric "$fast" process_resident_memory_bytes)
awk -v c0="$cpu0" -v c1="$cpu1" -v r0="$run0" -v r1="$run1" -v m0="$rss0" -v m1="$rss1" -v s="$seconds" 'BEGIN {
    printf "watch: %d probes in %d s, CPU %.2f %% of a core, %.3f ms a probe, RSS %.1f -> %.1f MiB\n",
        r1 - r0, s, (c1 - c0) / s * 100, (c1 - c0) * 1000 / (r1 - r0), m0 / 1048576, m1 / 1048576 }'
curl -s "http://$fast/metrics" | awk '/^piaotan_probe_lateness_seconds_bucket/ {
    split($1, part, "\""); n[++k] = $2; edge[k] = part[2] } END {
    for (i = 1; i <= k; i++) if (n[i] >= 0.99 * n[k]) { printf "slot error p99 <= %s s (of %d)\n", edge[i], n[k]; exit } }'
echo "mean time of the page probe: $(mean "$fast") s at 1,000 a minute, $(mean "$slow") s at 10 a minute"

exporter=$(command -v blackbox_exporter || command -v prometheus-blackbox-exporter || true)
if [ -z "$exporter" ]; then
    echo "blackbox_exporter is not installed: nothing to compare with"
    exit 0
fi
printf 'modules:\n  http_2xx:\n    prober: http\n' >blackbox.yml
GOMAXPROCS=1 taskset -c "$last" "$exporter" --config.file=blackbox.yml --web.listen-address=127.0.0.1:19115 2>/dev/null & theirs=$!; pids+=($theirs)
until curl -s -o /dev/null 127.0.0.1:19115/metrics; do sleep 0.1; done
ticks() { awk '{print $14 + $15}' "/proc/$theirs/stat"; }
before=$(ticks); asked=0; end=$(($(date +%s) + (seconds < 60 ? seconds : 60)))
while [ "$(date +%s)" -lt "$end" ]; do
    curl -s -o /dev/null "http://127.0.0.1:19115/probe?module=http_2xx&target=$target/"
    asked=$((asked + 1)); sleep 0.05
done
after=$(ticks)
awk -v t="$((after - before))" -v n="$asked" -v rss="$(awk '/VmRSS/ {print $2}' "/proc/$theirs/status")" 'BEGIN {
    printf "blackbox_exporter: %d probes, %.3f ms a probe, RSS %.1f MiB\n", n, t * 10 / n, rss / 1024 }'
