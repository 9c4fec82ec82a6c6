# Stands in for ros:jazzy-ros-base where no registry of images is reached: Debian with ROS 2 Jazzy from wheels, in the
# same places: ROS under /opt/ros/jazzy, what builds its packages among the system's Python packages, with NumPy 1.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates g++ make python3-dev python3-pip python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY constraints.txt /tmp/rl_pipeline/
COPY scripts /tmp/rl_pipeline/scripts
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m pip install --break-system-packages -c <(grep -v '^numpy==' /tmp/rl_pipeline/constraints.txt) \
        catkin-pkg cmake colcon-common-extensions empy lark-parser 'numpy<2' PyYAML
# A virtual environment gives the wheels' folders; afterwards it has no Python of its own.
RUN --mount=type=cache,target=/root/.cache/pip \
    python3 -m venv /opt/ros/jazzy \
    && grep '^ros-' /tmp/rl_pipeline/constraints.txt | xargs /opt/ros/jazzy/bin/python -m pip install --no-deps \
    && source /tmp/rl_pipeline/scripts/setup.bash \
    && source /tmp/rl_pipeline/scripts/ros.bash \
    && repair_wheels /opt/ros/jazzy /usr/bin/python3 \
    && numpy=$(python3 -c 'import numpy; print(numpy.get_include())') \
    && grep -rlF site-packages/numpy /opt/ros/jazzy/share | xargs sed -Ei "s#/opt/ros/jazzy/[^;\"]*/numpy/[^;\"]*#$numpy#g" \
    && rm -r /opt/ros/jazzy/pyvenv.cfg /opt/ros/jazzy/bin/{activate,pip,python}* /tmp/rl_pipeline
COPY docker/debian_ros_setup.bash /opt/ros/jazzy/setup.bash
