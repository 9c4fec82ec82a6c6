# shellcheck shell=bash
# Sourced by the set-up: what the machine must have, and the command that installs what it lacks.

# shellcheck disable=SC2034  # used by the scripts that source this
GL_PACKAGES=(libegl1 libgl1)

apt_command() { # PACKAGE...
    local sudo=
    ((EUID == 0)) || sudo='sudo '
    printf '%sapt-get update && %sapt-get install -y %s' "$sudo" "$sudo" "$*"
}

# Prints the real path of a usable interpreter, or why it is not one: shims of version managers exist without working.
probe_python() { # COMMAND
    local report
    report=$("$1" -I - 2>&1 <<'PROBE'
import os, sys
found = "%d.%d.%d" % sys.version_info[:3]
if sys.version_info[:2] not in ((3, 11), (3, 12)):
    sys.exit("is Python %s; 3.11 or 3.12 is needed" % found)
try:
    import ensurepip, venv
except ImportError:
    sys.exit("has no venv module; to get it: APT python%d.%d-venv" % sys.version_info[:2])
print(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
PROBE
    ) && printf '%s' "$report" && return
    report=${report%%$'\n'*}
    [[ $report == *'APT '* ]] && report="${report%APT *}$(apt_command "${report##*APT }")"
    printf '%s %s' "$1" "${report:-does not start}"
    return 1
}

# Prints the interpreter to use. 3.11 comes first: the pinned versions were tried longest with it.
find_python() {
    local candidate answer rejected=()
    for candidate in ${RL_PIPELINE_PYTHON:+"$RL_PIPELINE_PYTHON"} python3.11 python3.12 python3 python; do
        command -v -- "$candidate" >/dev/null || { rejected+=("$candidate is not in PATH"); continue; }
        if answer=$(probe_python "$candidate"); then
            printf '%s' "$answer"
            return
        fi
        rejected+=("$answer")
        [[ $candidate != "${RL_PIPELINE_PYTHON:-}" ]] || break
    done
    say "No usable Python 3.11 or 3.12:"
    printf '    %s\n' "${rejected[@]}" >&2
    say "Debian 12 and Ubuntu 24.04: $(apt_command python3 python3-venv)"
    say "Elsewhere: install Python 3.12 and name it: RL_PIPELINE_PYTHON=/path/to/python3.12"
    return 1
}

nvidia_gpu_is_present() {
    command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU'
}

gl_library_is_present() { # PYTHON
    "$1" -I - 2>/dev/null <<'PROBE'
from ctypes import CDLL
try:
    CDLL("libEGL.so.1"), CDLL("libGL.so.1")
except OSError:
    CDLL("libOSMesa.so.8")
PROBE
}

free_gib() { # FOLDER
    df --output=avail -BG -- "$1" | tr -dc '0-9'
}
