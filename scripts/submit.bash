# shellcheck shell=bash
# Sourced by the scripts of clusters: `submit PROFILE SCRIPT ARGUMENT...` has a script's trainings run as Slurm jobs.

submit() { # PROFILE SCRIPT ARGUMENT...
    local profile=$1 script=${2-}
    case ${script##*/} in
        train.sh | evo.sh) exec bash "$script" --cluster "$profile" "${@:3}" ;;
    esac
    echo "'$script' cannot be submitted; name scripts/train.sh or scripts/evo.sh" >&2
    exit 2
}
