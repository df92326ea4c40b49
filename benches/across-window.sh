#!/usr/bin/env bash
# Does a maintenance window change what a run says of the time outside it?
#
#   benches/across-window.sh [REPETITIONS] [SECONDS]      default: 3 of 45 s each
#
# The same scenario with the same seed against the same weather, in turns: once with nothing, once with an
# announced window of a quarter of the run in its middle, across which the run pauses. Median and p95 of the
# response time outside windows, by operation; noise is the largest distance of two runs of the same kind.
# With five repetitions or more the gate judges the stored runs as well.
# PIAOTAN names the program (default: target/release/piaotan), WORK an empty folder for everything written.
set -euo pipefail

piaotan=${PIAOTAN:-target/release/piaotan}
repetitions=${1:-3}
seconds=${2:-45}
work=${WORK:-$(mktemp -d)}
export PIAOTAN_LANG=en

weather() {
  cat <<END
[rules]
daily_limit = 0
[[review]]
delay = {kind = "lognormal", median = 0.1, sigma = 0.3}
reviewers = 0
[[latency]]
operations = ["upload"]
delay = {kind = "lognormal", median = 0.030, sigma = 0.4}
[[latency]]
operations = ["query", "verify", "login"]
delay = {kind = "lognormal", median = 0.020, sigma = 0.4}
[[sync]]
delay = {kind = "lognormal", median = 0.5, sigma = 0.5}
END
}
weather >"$work/without.toml"
{
  weather
  cat <<END
[[maintenance]]
at = $((seconds * 3 / 8))
for = $((seconds / 4))
operations = ["everything"]
announce = {at = 0, phrase = "zh1"}
END
} >"$work/across.toml"
cat >"$work/scenario.toml" <<END
name = "across_window"
seed = 7
[load]
rate = 60
duration = "${seconds}s"
arrivals = "poisson"
[data]
prepare = 50
verify_quota = 0
[maintenance]
look_every = "500ms"
[sync]
track = 0.0
drain = "0s"
[[mix]]
journey = "roundtrip"
[[mix]]
journey = "query_number"
weight = 2
[[mix]]
journey = "verify"
weight = 2
END

# run KIND N: one run against a platform of its own.
run() {
  local out=$work/$1-$2 url='' pid code=0
  "$piaotan" platform --listen 127.0.0.1:0 --weather "$work/$1.toml" --seed "$2" --truth "$out.truth.json" >"$out.log" 2>&1 &
  pid=$!
  for _ in $(seq 100); do
    url=$(sed -n 's/^listening on //p' "$out.log")
    [[ -n $url ]] && break
    sleep 0.05
  done
  "$piaotan" run "$work/scenario.toml" --target "$url" --out "$out" --listen 127.0.0.1:0 --store "$work/store.db" \
    --during-maintenance pause --format json >"$out.json" 2>"$out.err" || code=$?
  kill "$pid"
  wait "$pid" 2>/dev/null || true
  [[ $code == 0 ]] || { echo "$1-$2 ended with $code: $(tail -3 "$out.err")" >&2; exit 1; }
}

for n in $(seq "$repetitions"); do
  run without "$n"
  run across "$n"
done

python3 - "$work" "$repetitions" <<'END'
import json, statistics, sys
work, repetitions = sys.argv[1], int(sys.argv[2])
read = lambda kind: [json.load(open(f"{work}/{kind}-{n}.json")) for n in range(1, repetitions + 1)]
without, across = read("without"), read("across")
for run in across:
    arrivals, window = run["arrivals"], run["windows"][0]
    print(f"across: {window['finding']}, {arrivals['suppressed']} of {arrivals['scheduled']} arrivals held back, "
          f"conserved {run['conserved']}")
print(f"\n{'operation':<22}{'metric':<8}{'without ms':>11}{'across ms':>11}{'difference':>11}{'noise':>9}")
beyond = 0
for operation in sorted(without[0]["operations"]):
    if any(run["operations"].get(operation, {}).get("count", 0) < 200 for run in without + across):
        continue
    for metric in ("p50", "p95"):
        values = [[run["operations"][operation]["response"][metric] for run in runs] for runs in (without, across)]
        middle = [statistics.median(each) for each in values]
        noise = max(max(each) - min(each) for each in values) / middle[0]
        change = middle[1] / middle[0] - 1
        beyond += abs(change) > noise
        print(f"{operation:<22}{metric:<8}{middle[0] * 1e3:>11.2f}{middle[1] * 1e3:>11.2f}{change:>+11.2%}{noise:>9.2%}")
print(f"\n{beyond} beyond the noise of {repetitions} runs")
END

if [[ $repetitions -ge 5 ]]; then
  # Written out: a pattern of one digit would leave out the tenth.
  mapfile -t without < <(seq -f "$work/without-%g" "$repetitions")
  mapfile -t across < <(seq -f "$work/across-%g" "$repetitions")
  "$piaotan" gate --baseline "${without[@]}" --candidate "${across[@]}" --out "$work/gate" || true
fi
echo "everything lies in $work"
