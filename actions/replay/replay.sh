#!/usr/bin/env bash
# Replays the run files that RUNS names (patterns, one a line) with the code of TARGET. Exits with 1 where one is broken.
set -euo pipefail

command -v stepwell > /dev/null || python3 -m pip install --quiet stepwell

arguments=()
while IFS= read -r pattern; do
  [ -z "$pattern" ] || arguments+=(--replay "$pattern")
done <<< "${RUNS:-runs/*.run.sqlite}"

exec stepwell test --format github --target "${TARGET:-.}" "${arguments[@]}"
