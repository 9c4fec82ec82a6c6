"""Installation of the endpoint for `ros2 run` and `ros2 launch`."""

from setuptools import setup

setup(
    name="ros_tcp_endpoint",
    version="0.7.0",
    packages=["ros_tcp_endpoint"],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/ros_tcp_endpoint"]),
        ("share/ros_tcp_endpoint", ["package.xml"]),
        ("share/ros_tcp_endpoint/launch", ["launch/endpoint.py"]),
    ],
    entry_points={
        "console_scripts": ["default_server_endpoint = ros_tcp_endpoint.default_server_endpoint:main"]
    },
)
