#!/usr/bin/env bash
# Evaluates and films a run: bash scripts/eval.sh RUN
set -euo pipefail
# shellcheck source=scripts/environment.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.bash"
exec rl-pipeline eval "$@"
