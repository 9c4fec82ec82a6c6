#!/usr/bin/env bash
# Sets up on first use, then runs what config.yml names. Arguments change keys of the experiment, for example:
#   bash launch_node.bash experiment.seed=1
# Relative paths are relative to the repository, from wherever this is started.
set -euo pipefail
# shellcheck source=scripts/setup.bash
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/setup.bash"

set_up runtime
cd -- "$root"
export ROS_AUTOMATIC_DISCOVERY_RANGE=${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}
exec "$python" -m rl_pipeline launch --config config.yml "$@"
