# shellcheck shell=bash
# Sourced by train.sh, eval.sh and their kind: the virtual environment, and an OpenGL that needs no screen.

PATH=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.venv/bin:$PATH
export PATH MUJOCO_GL=${MUJOCO_GL:-egl}
