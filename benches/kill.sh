#!/usr/bin/env bash
# Kills runs with SIGKILL at random instants and reads what is left: every folder has to be readable, and at most the
# last second may be missing of what the platform saw arrive. Exit 1 where one is not.
# Usage: benches/kill.sh [PIAOTAN] [TIMES]
set -euo pipefail
piaotan=$(realpath "${1:-target/release/piaotan}"); times=${2:-20}
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
"$piaotan" platform --listen 127.0.0.1:0 >platform.out 2>platform.err & pids+=($!)
until grep -q listening platform.out; do sleep 0.05; done
url=$(awk '/listening on/ {print $3; exit}' platform.out)
printf 'name = "k"\n[load]\nrate = 200\nduration = "60s"\n[sync]\ntrack = 0.0\n[[mix]]\njourney = "probe"\n' >k.toml
arrived() { curl -s "$url/_weather/counts" | python3 -c 'import json, sys; print(json.load(sys.stdin)["data"]["arrivals"]["health"])'; }
bad=0
for i in $(seq "$times"); do
    before=$(arrived)
    "$piaotan" run k.toml --target "$url" --out "run-$i" --listen 127.0.0.1:0 --no-notices --format json >out 2>err & run=$!
    after=$(awk -v r=$RANDOM 'BEGIN {printf "%.3f", 2.5 + 4 * r / 32768}')
    sleep "$after"
    kill -KILL "$run"; wait "$run" 2>/dev/null || true
    seen=$(($(arrived) - before))
    code=0; "$piaotan" report "run-$i" --format json >report 2>err || code=$?
    told=$(python3 -c 'import json; s = json.load(open("report")); print(s["requests"]["sent"])' 2>/dev/null || echo none)
    # Requests are counted at the end of their second: one second's worth, and what was on its way, may be missing.
    if [ "$told" = none ] || [ "$code" -ne 3 ] || [ $((seen - told)) -gt 260 ]; then bad=$((bad + 1)); verdict=BAD; else verdict=ok; fi
    echo "$verdict: killed after $after s, platform saw $seen, folder tells $told, report exits $code"
done
echo "$bad of $times bad"
[ "$bad" -eq 0 ]
