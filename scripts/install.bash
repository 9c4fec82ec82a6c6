#!/usr/bin/env bash
# Makes, repairs or updates the virtual environment: install.bash runtime|test
# The stamp is written last, so an interrupted set-up is recognised by the next one and repaired.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
# shellcheck source=scripts/setup.bash
source "$here/setup.bash"
# shellcheck source=scripts/system.bash
source "$here/system.bash"
# shellcheck source=scripts/ros.bash
source "$here/ros.bash"

extra=$1
log=$venv/setup.log
begun=$venv/.setup-begun # present while the environment's content is unknown
MIN_FREE_GIB=3

refuse() {
    say "$1"
    say "$2"
    exit 2
}

take_lock() {
    mkdir -p -- "$(dirname -- "$venv")" 2>/dev/null && : 2>/dev/null >>"$venv.lock" && [[ ! -e $venv || -w $venv ]] ||
        refuse "No permission to write $venv." "Choose another folder: RL_PIPELINE_VENV=~/.venvs/rl-pipeline"
    exec 9>>"$venv.lock" # children inherit it, so a pip that outlives its killed set-up still holds the lock
    flock --nonblock 9 && return
    say "Another set-up of $venv is running; waiting for it."
    flock 9
}

reason_to_rebuild() {
    if [[ -e $begun ]]; then
        echo "an earlier set-up was interrupted"
    elif [[ ! $(python_version_of "$python") =~ ^3\.1[12]\. ]] || ! "$python" -I -m pip --version >/dev/null 2>&1; then
        echo "it has no working Python 3.11 or 3.12 with pip"
    elif ! grep -qF -- "$venv" "$venv/bin/activate"; then
        echo "it was moved here from another folder"
    elif python_was_asked_for_and_differs; then
        echo "RL_PIPELINE_PYTHON names another Python"
    elif [[ -d $system_ros ]] && ! grep -qx 'include-system-site-packages = true' "$venv/pyvenv.cfg"; then
        echo "it does not see what belongs to ROS 2 of $system_ros"
    else
        return 1
    fi
}

# Empties the folder, except for the mark that says that it is ours to empty.
clear_environment() {
    [[ -e $venv/pyvenv.cfg || -e $begun || -z $(ls -A -- "$venv") ]] ||
        refuse "$venv is not empty and is not a virtual environment." "Name another folder in RL_PIPELINE_VENV."
    touch -- "$begun"
    find "$venv" -mindepth 1 ! -name "${begun##*/}" -delete
}

make_environment() {
    local interpreter free options=()
    interpreter=$(find_python) || exit 2
    mkdir -p -- "$venv"
    clear_environment
    free=$(free_gib "$venv")
    ((free >= MIN_FREE_GIB)) ||
        refuse "Only $free GiB free at $venv: torch for the CPU needs $MIN_FREE_GIB GiB, with CUDA about 8 GiB." \
            "Free some, or name a folder on another disk in RL_PIPELINE_VENV."
    say "Making $venv with $interpreter ($(python_version_of "$interpreter"))."
    # colcon and ROS's generators of code are Python packages of the system.
    [[ ! -d $system_ros ]] || options+=(--system-site-packages)
    run_logged "$interpreter" -m venv "${options[@]}" -- "$venv" || fail "Making the virtual environment failed."
    advise_on_torch
}

advise_on_torch() {
    [[ -z ${RL_PIPELINE_TORCH_INDEX:-} ]] && ! nvidia_gpu_is_present || return 0
    say "No NVIDIA GPU seen. pip's default index gives torch with CUDA (several GiB); the CPU build takes 0.2 GiB:"
    say "RL_PIPELINE_TORCH_INDEX=<address of PyTorch's CPU wheel index, see pytorch.org, Get Started>"
}

# Everything goes to the log; long downloads also to the terminal, since they are what one waits for.
run_logged() { # COMMAND...
    "$@" 2>&1 | tee -a -- "$log" |
        sed -nuE 's/^ *(Downloading|Using cached) ([^ ]+) \(([0-9]{2,}\.[0-9]+ MB|[0-9.]+ GB)\).*/    \2, \3/p' >&2
}

pip_install() {
    run_logged "$python" -I -m pip --disable-pip-version-check install --no-input "$@"
}

# torch comes first and alone, so that its index serves nothing else and pip looks at no other version of it.
install_packages() {
    local extras=(train unity) torch
    [[ $extra == runtime ]] || extras+=("$extra" docs)
    ! ros_comes_from_wheels || extras+=(ros)
    torch=$(grep -i '^torch==' constraints.txt)
    say "Installing $torch."
    pip_install --no-deps ${RL_PIPELINE_TORCH_INDEX:+--index-url "$RL_PIPELINE_TORCH_INDEX"} "$torch" ||
        fail "Installing torch failed."
    say "Installing the packages of constraints.txt; the log is $log."
    pip_install setuptools --editable ".[$(IFS=, && echo "${extras[*]}")]" || fail "Installing the packages failed."
}

fail() {
    say "$1 The last lines of $log:"
    tail -n 15 -- "$log" | sed 's/^/    /' >&2
    local pattern remedy
    while IFS='|' read -r pattern remedy; do
        ! grep -qiE -- "${pattern//;/|}" "$log" || say "$remedy"
    done <<REMEDIES
No space left on device|The disk is full: free some space; TMPDIR names the folder of temporary files.
(gcc;cc;g\+\+)['\"]? (failed: No such file;not found)|No compiler: $(apt_command build-essential python3-dev)
Temporary failure in name resolution;Network is unreachable;timed out;ProxyError|The package index was not reached: check the network and the output of \`pip config list\`.
No matching distribution found;ResolutionImpossible|The index has no such version for this Python and processor; the tried ones are 3.11 and 3.12 on x86-64.
REMEDIES
    say "Start again when it is solved; the set-up repairs what is there."
    exit 1
}

prepare_pip() {
    unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX
    cd -- "$root"
    export PIP_USER=0
    export PIP_CONSTRAINT=constraints.txt # relative: pip splits it at spaces; unlike -c it also binds build tools
    # The build's metadata stays out of the repository, which may be read-only or shared by several environments.
    mkdir -p -- "$venv/build"
    printf '[egg_info]\negg_base = %s\n' "$venv/build" >"$venv/build/setup.cfg"
    export DIST_EXTRA_CONFIG=$venv/build/setup.cfg
}

write_stamps() {
    local level
    for level in runtime "$extra"; do
        environment_key >"$venv/.setup-$level.new"
        mv -- "$venv/.setup-$level.new" "$venv/.setup-$level"
    done
    rm -f -- "$begun"
}

main() {
    local reason
    trap 'say "Interrupted. The next start repairs the environment."; exit 130' INT
    take_lock
    ! environment_is_ready "$extra" || return 0
    if [[ ! -e $venv ]]; then
        make_environment
    elif reason=$(reason_to_rebuild); then
        say "$venv is rebuilt: $reason."
        make_environment
    else
        say "Bringing $venv up to date."
    fi
    touch -- "$begun"
    rm -f -- "$venv"/.setup-{runtime,test}
    prepare_pip
    install_packages
    gl_library_is_present "$python" ||
        say "No GL library: training works, films and play do not. To get it: $(apt_command "${GL_PACKAGES[@]}")"
    write_stamps
    say "Done."
}

main
