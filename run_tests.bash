#!/usr/bin/env bash
# Sets up on first use, then checks style and types and runs the whole suite. Arguments go to pytest in place of
# its default ones, for example:
#   bash run_tests.bash tests/config -k unknown_key
set -euo pipefail
# shellcheck source=scripts/setup.bash
source "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/scripts/setup.bash"
# shellcheck source=scripts/ros.bash
source "$root/scripts/ros.bash"

set_up test
cd -- "$root"
if ros_is_available; then
    set_up_workspace
    enter_workspace
else
    echo 'There is no ROS 2 here: the tests that need it are skipped.' >&2
fi
export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST WANDB_MODE=offline
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # the suite's processes share the cores among themselves

status=0
check() { # NAME COMMAND...
    local name=$1
    shift
    "$@" || { status=1 && echo "FAILED: $name" >&2; }
}
check 'ruff check' "$python" -m ruff check .
check 'ruff format' "$python" -m ruff format --check .
check 'mypy' "$python" -m mypy

(($#)) || set -- --numprocesses logical --maxprocesses 8 --dist loadfile
"$python" -m pytest "$@" || status=$?
exit "$status"
