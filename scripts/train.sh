#!/usr/bin/env bash
# Trains on this machine: bash scripts/train.sh --config FILE [key=value ...]
set -euo pipefail
# shellcheck source=scripts/environment.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.bash"
exec rl-pipeline train "$@"
