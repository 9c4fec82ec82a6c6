#!/usr/bin/env bash
# Evaluates and films a run: bash scripts/eval.sh RUN
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.bash"
exec rl-pipeline eval "$@"
