#!/usr/bin/env bash
# Sets up on first use, then starts the ROS node that config.yml names. Arguments change keys of the experiment; what
# follows --ros-args goes to ROS:
#   bash launch_node.bash experiment.seed=1 --ros-args -r __ns:=/left
# Relative paths are relative to the repository, from wherever this is started.
set -euo pipefail
# shellcheck source=scripts/setup.bash
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/setup.bash"
# shellcheck source=scripts/ros.bash
source "$root/scripts/ros.bash"

set_up runtime
cd -- "$root"
if workspace_can_be_had; then
    set_up_workspace
    enter_workspace
fi
exec "$python" -m rl_pipeline launch --config config.yml "$@"
