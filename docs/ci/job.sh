#!/usr/bin/env bash
# One performance gate, for any CI system: judge, leave the artefacts in $OUT, end with the verdict's exit code.
#
#   BASELINE_URL, CANDIDATE_URL      the two deployments; without them two reference platforms stand in
#   BASELINE_START, CANDIDATE_START  commands that start them, ended afterwards (optional)
#   SCENARIO                         name or TOML file (default: steady_day)
#   BLOCK, MAX_PAIRS, MAX_TIME       length of a block, most pairs, time there is
#   PIAOTAN, OUT                     the program (default: piaotan), the artefacts' folder (default: gate)
#   ON_INCONCLUSIVE                  pass or fail, where a third colour is not to be had
#
# Artefacts: gate.json, report.html, report.md, forest.svg, junit.xml, metrics.txt (OpenMetrics), and the run
# folders a/ and b/.
set -euo pipefail

piaotan=${PIAOTAN:-piaotan}
out=${OUT:-gate}
args=(--block "${BLOCK:-30s}" --max-pairs "${MAX_PAIRS:-12}" --out "$out")
[[ -n ${MAX_TIME:-} ]] && args+=(--max-time "$MAX_TIME")
[[ -n ${ON_INCONCLUSIVE:-} ]] && args+=(--on-inconclusive "$ON_INCONCLUSIVE")
if [[ -z ${BASELINE_URL:-} ]]; then
  BASELINE_URL=http://127.0.0.1:${BASELINE_PORT:-18080}
  CANDIDATE_URL=http://127.0.0.1:${CANDIDATE_PORT:-18081}
  BASELINE_START="exec '$piaotan' platform --listen ${BASELINE_URL#http://} --seed 1"
  CANDIDATE_START="exec '$piaotan' platform --listen ${CANDIDATE_URL#http://} --seed 2"
fi
[[ -n ${BASELINE_START:-} ]] && args+=(--baseline-start "$BASELINE_START")
[[ -n ${CANDIDATE_START:-} ]] && args+=(--candidate-start "$CANDIDATE_START")

code=0
"$piaotan" gate "${SCENARIO:-steady_day}" --baseline "$BASELINE_URL" --candidate "$CANDIDATE_URL" "${args[@]}" "$@" || code=$?
echo "gate: exit $code, artefacts in $out"
exit "$code"
