# shellcheck shell=bash
# Sourced by check.bash: builds the image with buildah, where neither a Docker engine nor a registry is at hand.

image=localhost/rl-pipeline
export STORAGE_DRIVER=vfs # needs nothing of the kernel
MIN_FREE_GIB=20
logs=build/container

# Prints why no image can be built here; fails where one can.
why_no_image() {
    local tool free
    for tool in buildah debootstrap; do
        command -v "$tool" >/dev/null || { echo "there is no $tool (apt-get install buildah debootstrap)" && return; }
    done
    ((EUID == 0)) || { echo 'debootstrap needs root' && return; }
    mkdir -p "$logs"
    free=$(df --output=avail -BG -- "$logs" | tr -dc '0-9')
    ((free < MIN_FREE_GIB)) && echo "only $free GiB are free, $MIN_FREE_GIB are needed"
}

logged() { # NAME COMMAND...
    local log=$logs/$1.log
    shift
    "$@" >"$log" 2>&1 </dev/null && return
    echo "The last lines of $log:" >&2
    tail -n 20 -- "$log" >&2
    return 1
}

build() { # DOCKERFILE TARGET TAG ARGUMENT=VALUE
    local settings
    mapfile -t settings < <(python3 docker/pip_settings.py "$logs")
    buildah bud --format docker --isolation chroot --pull-never "${settings[@]}" \
        --file "$1" ${2:+--target "$2"} --tag "$image:$3" --build-arg "$4" .
}

debian() {
    local container root
    container=$(buildah from scratch)
    root=$(buildah mount "$container")
    debootstrap --variant=minbase --include=ca-certificates,python3 bookworm "$root"
    # The image trusts whom this host trusts, its package mirrors among them.
    cp -- /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    buildah umount "$container"
    buildah commit "$container" "$image:debian"
    buildah rm "$container"
}

make_base_image() {
    logged debian debian && logged base build docker/debian.Dockerfile '' base "DEBIAN_IMAGE=$image:debian"
}

build_image() { # TARGET
    logged "$1" build Dockerfile "$1" "$1" "BASE_IMAGE=$image:base"
}

in_image() { # TARGET COMMAND...
    in_image_as robot "$@"
}

in_image_as() { # USER TARGET COMMAND...
    local user=$1 target=$2 container status=0
    shift 2
    container=$(buildah from --pull-never "$image:$target")
    logged "run-$target-$1" buildah run --isolation chroot --user "$user" "$container" -- /workspace/docker/entrypoint.bash "$@" || status=$?
    buildah rm "$container" >/dev/null
    return "$status"
}

remove_images() {
    buildah images --quiet --filter "reference=$image" | xargs --no-run-if-empty buildah rmi --force >/dev/null
}
