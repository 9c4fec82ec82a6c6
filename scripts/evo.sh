#!/usr/bin/env bash
# Searches with an evolution strategy of nevergrad: bash scripts/evo.sh --config FILE [key=value ...]
set -euo pipefail
# shellcheck source=scripts/environment.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.bash"
exec rl-pipeline sweep "$@" sweep.sampler=nevergrad
