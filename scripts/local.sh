#!/usr/bin/env bash
# Runs another of these scripts on this machine: bash scripts/local.sh scripts/train.sh --config FILE
set -euo pipefail
exec bash "$@"
