# shellcheck shell=bash
# Sourced by the launchers: `set_up runtime|test` leaves a virtual environment with the versions of constraints.txt.
# It costs milliseconds when the environment's stamp says so already; scripts/install.bash does the work otherwise.
#
# RL_PIPELINE_VENV         folder of the virtual environment (default: .venv in the repository)
# RL_PIPELINE_PYTHON       Python 3.11 or 3.12 to make it with (default: the first one found in PATH)
# RL_PIPELINE_TORCH_INDEX  pip index that torch comes from, for example that of its CPU builds

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")
venv=$(realpath -m -- "${RL_PIPELINE_VENV:-$root/.venv}")
python=$venv/bin/python

say() { printf 'set-up: %s\n' "$*" >&2; }

python_version_of() { "$1" -I -c 'import platform; print(platform.python_version())' 2>/dev/null; }

# What the environment must match. Both folders belong to it, since a moved environment or repository does not work.
environment_key() {
    {
        cat -- "$root/constraints.txt" "$root/pyproject.toml"
        printf '%s\n' "$root" "$venv"
        [[ ! -d /opt/ros/jazzy ]] || echo /opt/ros/jazzy # an installed ROS takes the place of its wheels
        sed -n 's/^version\(_info\)\? = //p' "$venv/pyvenv.cfg"
    } 2>/dev/null | sha256sum
}

python_was_asked_for_and_differs() {
    [[ -n ${RL_PIPELINE_PYTHON:-} && $(python_version_of "$RL_PIPELINE_PYTHON") != "$(python_version_of "$python")" ]]
}

environment_is_ready() { # runtime|test
    local stamp=$venv/.setup-$1
    [[ -x $python && -r $stamp && $(<"$stamp") == "$(environment_key)" ]] && ! python_was_asked_for_and_differs
}

set_up() { # runtime|test
    environment_is_ready "$1" || bash "$root/scripts/install.bash" "$1"
}
