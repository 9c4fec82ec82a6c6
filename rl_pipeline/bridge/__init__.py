"""The wire protocol between Unity and ROS (ROS-TCP 0.7): framing, commands, CDR, a server and a client."""
