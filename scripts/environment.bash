# shellcheck shell=bash
# Sourced by train.sh, eval.sh and evo.sh: the virtual environment, and an OpenGL that needs no screen.

# shellcheck source=scripts/setup.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/setup.bash"
export PATH=$venv/bin:$PATH MUJOCO_GL=${MUJOCO_GL:-egl}
