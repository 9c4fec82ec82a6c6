"""Environments behind ROS 2; this package and the nodes of ros_ws are all that imports rclpy."""
