#!/usr/bin/env bash
# Every command of the container runs where ROS 2 and the packages of ros_ws are found.
set -euo pipefail
# shellcheck source=ros_ws/activate.bash
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../ros_ws/activate.bash"
exec "$@"
