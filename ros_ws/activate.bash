# shellcheck shell=bash
# `source ros_ws/activate.bash` gives this shell the virtual environment, ROS 2 and the packages of ros_ws.
# It leaves no options and no functions behind.

if [[ $- == *u* ]]; then _rl_unset=u; else _rl_unset=; fi
# shellcheck source=scripts/setup.bash
source "$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")/scripts/setup.bash"
# shellcheck source=scripts/ros.bash
source "$root/scripts/ros.bash"

if set_up runtime && set_up_workspace; then
    # shellcheck source=/dev/null
    source "$venv/bin/activate"
    enter_workspace
fi

[[ -n $_rl_unset ]] || set +u
unset root venv python workspace system_ros _rl_unset
unset -f say python_version_of environment_key python_was_asked_for_and_differs environment_is_ready set_up \
    ros_comes_from_wheels ros_is_available enter_ros enter_workspace workspace_key workspace_is_ready repair_wheels \
    workspace_can_be_had set_up_workspace
