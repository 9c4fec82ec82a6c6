# shellcheck shell=bash
# /opt/ros/jazzy/setup.bash of the image that docker/debian.Dockerfile makes.
prefix=/opt/ros/jazzy
site=$(echo "$prefix"/lib/python3.*/site-packages)
export ROS_VERSION=2 ROS_PYTHON_VERSION=3 ROS_DISTRO=jazzy _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
export AMENT_PREFIX_PATH=$prefix CMAKE_PREFIX_PATH=$prefix
export PYTHONPATH=$site${PYTHONPATH:+:$PYTHONPATH}
LD_LIBRARY_PATH=$prefix/lib:$(printf '%s:' "$site"/ros_*.libs)${LD_LIBRARY_PATH:-}
export LD_LIBRARY_PATH
unset prefix site
