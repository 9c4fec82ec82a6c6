# syntax=docker/dockerfile:1
# Targets: `runtime` trains and serves; `dev` adds compilers and tests, for VS Code. CPU and CUDA differ in torch alone:
# pip's default index gives it with CUDA, RL_PIPELINE_TORCH_INDEX names another.
ARG BASE_IMAGE=ros:jazzy-ros-base
ARG USER_NAME=robot
ARG USER_UID=1000
ARG USER_GID=1000

# Versions of system packages are those of the base image's distribution; the user is a name with a number of one's choice.
# hadolint global ignore=DL3008,DL3066
FROM ${BASE_IMAGE} AS system
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Drawing without a screen: EGL and OSMesa. Windows: X11 and Wayland.
RUN --mount=type=cache,target=/var/cache/apt \
    --mount=type=cache,target=/var/lib/apt/lists \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates ffmpeg git python3-venv \
        libegl1 libgl1 libgles2 libosmesa6 \
        libx11-6 libxcursor1 libxext6 libxi6 libxinerama1 libxrandr2 \
        libwayland-client0 libwayland-cursor0 libwayland-egl1 libxkbcommon0
ARG USER_NAME
ARG USER_UID
ARG USER_GID
# Some images have a user of the same number already. The mounted repository may belong to another user.
RUN if name=$(id -nu "$USER_UID" 2>/dev/null); then userdel --remove "$name" 2>/dev/null; fi \
    && { getent group "$USER_GID" >/dev/null || groupadd --gid "$USER_GID" "$USER_NAME"; } \
    && useradd --uid "$USER_UID" --gid "$USER_GID" --create-home --shell /bin/bash "$USER_NAME" \
    && install -d -o "$USER_UID" -g "$USER_GID" "/home/$USER_NAME/.cache" \
    && echo 'source /workspace/ros_ws/activate.bash' >>"/home/$USER_NAME/.bashrc" \
    && git config --system --add safe.directory /workspace
ENV RL_PIPELINE_VENV=/opt/rl_pipeline/venv \
    PATH=/opt/rl_pipeline/venv/bin:$PATH \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=all
WORKDIR /workspace

FROM system AS build
RUN --mount=type=cache,target=/var/cache/apt \
    --mount=type=cache,target=/var/lib/apt/lists \
    apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends cmake g++ make python3-dev
ARG RL_PIPELINE_TORCH_INDEX=
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY scripts scripts
COPY rl_pipeline/__init__.py rl_pipeline/
# Whoever the container runs as may bring the environment up to date.
RUN --mount=type=cache,target=/root/.cache/pip \
    umask 0000 && bash scripts/install.bash runtime
COPY ros_ws ros_ws
RUN umask 0000 && bash scripts/build_workspace.bash

FROM system AS runtime
ARG USER_NAME
ARG USER_UID
ARG USER_GID
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="RL Pipeline" \
    org.opencontainers.image.description="Train robots' policies in simulation; ROS 2 Jazzy, MuJoCo, Unity, Stable-Baselines3" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/rl_pipeline /opt/rl_pipeline
COPY --chown=${USER_UID}:${USER_GID} . .
RUN chown "$USER_UID:$USER_GID" . experiments
USER ${USER_NAME}
ENTRYPOINT ["/workspace/docker/entrypoint.bash"]
CMD ["bash", "launch_node.bash"]
HEALTHCHECK --interval=5m --timeout=2m --start-period=30s --retries=2 CMD ["rl-pipeline", "doctor", "--quiet"]

FROM runtime AS dev
ARG USER_NAME
USER root
RUN --mount=type=cache,target=/var/cache/apt \
    --mount=type=cache,target=/var/lib/apt/lists \
    apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        cmake g++ gdb less make openssh-client python3-dev sudo \
    && echo "$USER_NAME ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/rl_pipeline
RUN --mount=type=cache,target=/root/.cache/pip \
    umask 0000 && bash scripts/install.bash test
USER ${USER_NAME}
CMD ["sleep", "infinity"]
