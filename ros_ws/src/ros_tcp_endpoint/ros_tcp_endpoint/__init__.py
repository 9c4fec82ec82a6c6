"""The ROS side of ROS-TCP: topics and services of clients as those of one node."""
