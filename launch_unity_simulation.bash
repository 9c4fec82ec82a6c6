#!/usr/bin/env bash
# Sets up on first use, then starts the Unity build that config.yml names and waits until it answers. Options:
#   bash launch_unity_simulation.bash --port 10001
# Relative paths are relative to the repository, from wherever this is started.
set -euo pipefail
# shellcheck source=scripts/setup.bash
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/setup.bash"

set_up runtime
cd -- "$root"
exec "$python" -m rl_pipeline unity --config config.yml "$@"
