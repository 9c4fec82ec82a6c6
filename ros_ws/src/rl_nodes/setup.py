"""Installation of the nodes for `ros2 run` and `ros2 launch`."""

from pathlib import Path

from setuptools import setup

NODES = ["evaluate", "operate", "play", "policy", "simulation", "train"]

setup(
    name="rl_nodes",
    version="0.1.0",
    packages=["rl_nodes"],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/rl_nodes"]),
        ("share/rl_nodes", ["package.xml"]),
        ("share/rl_nodes/launch", [str(file) for file in Path("launch").glob("*.launch.py")]),
    ],
    entry_points={"console_scripts": [f"{node} = rl_nodes.executables:{node}" for node in NODES]},
)
