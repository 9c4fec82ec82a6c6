#!/usr/bin/env bash
# Builds the packages of ros_ws; colcon compiles only what changed. The stamp is written last, so an interrupted build
# is recognised and finished by the next start.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=scripts/setup.bash
source "$here/setup.bash"
# shellcheck source=scripts/system.bash
source "$here/system.bash"
# shellcheck source=scripts/ros.bash
source "$here/ros.bash"

log=$workspace/build.log

refuse() {
    say "$1"
    say "$2"
    exit 2
}

take_lock() {
    mkdir -p -- "$workspace" 2>/dev/null && : 2>/dev/null >>"$workspace/.lock" ||
        refuse "No permission to write $workspace." "Name a folder of your own in RL_PIPELINE_VENV; the build goes there, too."
    exec 8>>"$workspace/.lock"
    flock --nonblock 8 && return
    say "Another build of $workspace is running; waiting for it."
    flock 8
}

build() {
    "$python" -m colcon --log-base "$workspace/log" build --merge-install --base-paths "$root/ros_ws/src" \
        --build-base "$workspace/build" --install-base "$workspace/install" \
        --event-handlers console_direct+ --cmake-args -DBUILD_TESTING=OFF \
        "-DPython3_EXECUTABLE=$python" "-DPYTHON_EXECUTABLE=$python"
}

# What was generated from a message that is gone or renamed is still compiled, and fails.
build_anew() {
    [[ -d $workspace/build ]] || return
    say "The build failed; trying again from nothing."
    rm -rf -- "$workspace"/{build,install,log}
    build
}

fail() {
    say "Building the ROS packages failed. The last lines of $log:"
    tail -n 20 -- "$log" | sed 's/^/    /' >&2
    ! grep -qE 'No CMAKE_CXX_COMPILER|CMAKE_C_COMPILER|Python\.h|Could NOT find Python3' "$log" ||
        say "No compiler, or no headers of Python: $(apt_command g++ make python3-dev)"
    exit 1
}

main() {
    local key
    take_lock
    ! workspace_is_ready || return 0
    ros_is_available ||
        refuse "ROS 2 is not available here: its wheels are only for x86-64." "Install ROS 2 Jazzy under $system_ros, or use the container."
    say "Building the ROS packages of ros_ws; the log is $log."
    rm -f -- "$workspace/install/.built"
    [[ -d $system_ros ]] || repair_wheels "$venv" "$python"
    key=$(workspace_key) # before the build, so that an edit during it is built by the next start
    enter_ros
    export PATH=$venv/bin:$PATH
    build &>"$log" || build_anew &>>"$log" || fail
    printf '%s\n' "$key" >"$workspace/install/.built"
    say "The ROS packages are built."
}

main
