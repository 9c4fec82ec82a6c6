#!/usr/bin/env bash
# Sets up on first use, then lets Unity programs onto the ROS network. Arguments are those of the node, for example:
#   bash launch_ros_tcp_endpoint.bash --ros-args -p ROS_IP:=0.0.0.0 -p ROS_TCP_PORT:=10001
set -euo pipefail
# shellcheck source=scripts/setup.bash
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/setup.bash"
# shellcheck source=scripts/ros.bash
source "$root/scripts/ros.bash"

set_up runtime
set_up_workspace
enter_workspace
exec "$workspace/install/lib/ros_tcp_endpoint/default_server_endpoint" "$@"
