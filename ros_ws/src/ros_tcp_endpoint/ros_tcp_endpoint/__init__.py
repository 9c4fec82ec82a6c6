"""The ROS side of ROS-TCP: topics and services of clients as those of one node."""

from ros_tcp_endpoint.server import TcpServer

__all__ = ["TcpServer"]
