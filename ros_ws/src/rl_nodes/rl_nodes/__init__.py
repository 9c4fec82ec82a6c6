"""ROS 2 nodes over rl_pipeline."""
