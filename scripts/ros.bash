# shellcheck shell=bash
# Sourced after setup.bash: `set_up_workspace` builds the ROS 2 packages of ros_ws, `enter_workspace` lets this shell use them.
# ROS 2 Jazzy comes from /opt/ros/jazzy where it is installed, and from wheels in the virtual environment elsewhere.

system_ros=/opt/ros/jazzy
# A checkout that several environments share is built in each of them.
workspace=${RL_PIPELINE_VENV:+$venv}
workspace=${workspace:-$root}/ros_ws

ros_comes_from_wheels() { [[ ! -d $system_ros && $(uname -m) == x86_64 ]]; }

ros_is_available() {
    [[ -d $system_ros ]] || compgen -G "$venv/lib/python3.*/site-packages/ros_wheels_bootstrapper" >/dev/null
}

# Shows ROS itself to programs of this shell. Wheels keep their libraries in folders that the linker does not search.
enter_ros() {
    export ROS_AUTOMATIC_DISCOVERY_RANGE=${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}
    if [[ -d $system_ros ]]; then
        # shellcheck source=/dev/null
        set +u && source "$system_ros/setup.bash" && set -u
        return
    fi
    export ROS_VERSION=2 ROS_PYTHON_VERSION=3 ROS_DISTRO=jazzy
    export AMENT_PREFIX_PATH=$venv CMAKE_PREFIX_PATH=$venv
    # Already done here, so that no Python of the environment starts itself a second time to do it.
    export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
    local libraries
    libraries=$(printf '%s:' "$venv/lib" "$venv"/lib/python3.*/site-packages/ros_*.libs)
    export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:-}
}

enter_workspace() {
    enter_ros
    local site=("$workspace"/install/lib/python3.*/site-packages)
    export AMENT_PREFIX_PATH=$workspace/install:$AMENT_PREFIX_PATH
    export LD_LIBRARY_PATH=$workspace/install/lib:$LD_LIBRARY_PATH
    export PYTHONPATH=${site[0]}${PYTHONPATH:+:$PYTHONPATH}
    export PATH=$venv/bin:$PATH
}

# What the built packages must match: their sources, and the environment whose Python they name.
workspace_key() {
    { environment_key && find "$root/ros_ws/src" -type f ! -name '*.pyc' -print0 | LC_ALL=C sort -z | xargs -0 cat --; } |
        sha256sum
}

workspace_is_ready() {
    [[ -r $workspace/install/.built && $(<"$workspace/install/.built") == "$(workspace_key)" ]]
}

# The CMake files of wheels name the machine that built them; afterwards they name this prefix.
repair_wheels() { # PREFIX PYTHON
    local include
    include=$("$2" -I -c 'import sysconfig; print(sysconfig.get_path("include"))')
    find "$1/share" -name '*.cmake' -exec grep -qF /opt/python/cp3 {} \; -exec sed -Ei \
        "s#/opt/python/cp3[0-9]+-cp3[0-9]+/include/python3\.[0-9]+#$include#g; s#/opt/python/cp3[0-9]+-cp3[0-9]+#$1#g" {} +
}

# Training needs no compiler, so its absence is only said.
workspace_can_be_had() {
    ros_is_available || return
    workspace_is_ready || command -v g++ >/dev/null || command -v c++ >/dev/null && return
    say "There is no C++ compiler to build the ROS packages with, so this runs without ROS. To get one:"
    say "    (sudo) apt-get update && apt-get install -y g++ make python3-dev"
    return 1
}

set_up_workspace() {
    workspace_is_ready || bash "$root/scripts/build_workspace.bash"
}
