#!/usr/bin/env bash
# Submits train.sh or evo.sh to any Slurm cluster: bash scripts/slurm.sh scripts/train.sh --config FILE
set -euo pipefail
# shellcheck source=scripts/submit.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/submit.bash"
submit slurm "$@"
