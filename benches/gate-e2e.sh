#!/usr/bin/env bash
# The gate end to end, against two reference platforms whose weather is the truth.
#
#   benches/gate-e2e.sh [ROW…]      rows: aa slower sync window; all of them without arguments
#
# Each gate has 5-s blocks and at most 12 pairs; its seed is the platforms' (baseline SEED, candidate
# SEED + 1000) and the scenario's. No gate is run again. One line each, then a table of what was found.
# PIAOTAN names the program (default: target/release/piaotan), WORK an empty folder for everything written,
# SEEDS_aa, SEEDS_slower, SEEDS_sync and SEEDS_window the seeds.
set -euo pipefail

piaotan=${PIAOTAN:-target/release/piaotan}
work=${WORK:-$(mktemp -d)}
export PIAOTAN_LANG=en
read -ra aa <<<"${SEEDS_aa:-1 2 3 4 5 6 7 8 9 10}"
read -ra slower <<<"${SEEDS_slower:-11 12 13 14 15 16 17 18 19 20}"
read -ra sync <<<"${SEEDS_sync:-21 22 23 24 25}"
read -ra window <<<"${SEEDS_window:-31 32 33}"
results=$work/results.tsv
mkdir -p "$work"
: >"$results"

# weather FILE UPLOAD QUERY VERIFY SYNC [MORE]: median latencies and sync delay in seconds.
weather() {
  cat >"$1" <<END
[rules]
daily_limit = 0
[[review]]
delay = {kind = "lognormal", median = 0.1, sigma = 0.3}
reviewers = 0
[[latency]]
operations = ["upload"]
delay = {kind = "lognormal", median = $2, sigma = 0.4}
[[latency]]
operations = ["query"]
delay = {kind = "lognormal", median = $3, sigma = 0.4}
[[latency]]
operations = ["verify"]
delay = {kind = "lognormal", median = $4, sigma = 0.4}
[[sync]]
delay = {kind = "lognormal", median = $5, sigma = 0.5}
${6:-}
END
}

scenario() {
  cat >"$1" <<END
name = "gate_e2e"
seed = $2
[load]
rate = 100
duration = "60s"
arrivals = "poisson"
[data]
prepare = 50
verify_quota = 0
[sync]
track = 0.2
[[mix]]
journey = "roundtrip"
weight = 3
[[mix]]
journey = "query_number"
weight = 3
[[mix]]
journey = "verify"
weight = 3
END
}

# platform WEATHER SEED: leaves the process in $pid and the address in $url.
platform() {
  "$piaotan" platform --listen 127.0.0.1:0 --weather "$1" --seed "$2" >"$1.log" 2>&1 &
  pid=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$1.log")
    [[ -n $url ]] && return
    sleep 0.05
  done
  echo "the platform did not start: $(cat "$1.log")" >&2
  exit 1
}

# gate ROW SEED EXPECTED: weathers lie in $work/ROW-SEED/{a,b}.toml.
gate() {
  local at=$work/$1-$2 begun pids=() code=0
  scenario "$at/scenario.toml" "$2"
  platform "$at/a.toml" "$2" && pids+=("$pid") && local baseline=$url
  platform "$at/b.toml" "$(($2 + 1000))" && pids+=("$pid") && local candidate=$url
  begun=$(date +%s.%N)
  "$piaotan" gate "$at/scenario.toml" --baseline "$baseline" --candidate "$candidate" --block 5s --max-pairs 12 \
    --out "$at/gate" --format json >"$at/answer.json" 2>"$at/stderr.txt" || code=$?
  local seconds
  seconds=$(echo "$(date +%s.%N) - $begun" | bc)
  kill "${pids[@]}"
  wait "${pids[@]}" 2>/dev/null || true
  jq -r --arg row "$1" --arg seed "$2" --arg expected "$3" --arg seconds "$seconds" --arg code "$code" '
    ([.metrics[] | select(.verdict == "fail") | "\(.operation).\(.metric)"] +
     [.sync[] | select(.verdict == "fail") | "sync.\(.surface)"]) as $failed |
    [$row, $seed, $expected, .verdict, $code, .pairs, .maintenance.blocks_dropped, $seconds,
     (if $failed == [] then "-" else ($failed | join(",")) end)] | @tsv' "$at/answer.json" | tee -a "$results"
}

rows=("${@:-}")
[[ -z ${rows[0]} ]] && rows=(aa slower sync window)
printf 'row\tseed\texpected\tverdict\texit\tpairs\tdropped\tseconds\tfailed\n'
for row in "${rows[@]}"; do
  declare -n seeds=$row
  for seed in "${seeds[@]}"; do
    at=$work/$row-$seed
    mkdir -p "$at"
    weather "$at/a.toml" 0.030 0.020 0.020 0.6
    case $row in
      aa) weather "$at/b.toml" 0.030 0.020 0.020 0.6 && gate aa "$seed" pass ;;
      slower)
        # A tenth slower, one operation, in turn.
        case $((seed % 3)) in
          0) weather "$at/b.toml" 0.033 0.020 0.020 0.6 && gate slower "$seed" upload ;;
          1) weather "$at/b.toml" 0.030 0.022 0.020 0.6 && gate slower "$seed" query_number ;;
          2) weather "$at/b.toml" 0.030 0.020 0.022 0.6 && gate slower "$seed" verify ;;
        esac ;;
      sync) weather "$at/b.toml" 0.030 0.020 0.020 0.9 && gate sync "$seed" sync ;;
      window)
        # Announced in time, in the middle of the gate, on the candidate alone.
        weather "$at/b.toml" 0.030 0.020 0.020 0.6 \
          '[[maintenance]]
at = 50
for = 15
operations = ["all"]
announce = {at = 5, phrase = "en1"}' && gate window "$seed" pass ;;
    esac
  done
done

echo
for row in "${rows[@]}"; do
  awk -F '\t' -v row="$row" '$1 == row { n++; v[$4]++; s += $8; p += $6; if ((row == "sync" || row == "slower") && index("," $9, "," $3 ".")) named++ }
    END { if (n) printf "%-7s gates %d  pass %d  fail %d  inconclusive %d  the right thing named %d  mean pairs %.1f  mean %.0f s\n",
      row, n, v["pass"], v["fail"], v["inconclusive"], named, p / n, s / n }' "$results"
done
echo "everything lies in $work"
