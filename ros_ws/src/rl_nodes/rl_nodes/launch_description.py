"""Turns a plan into what `ros2 launch` carries out."""

from pathlib import Path

from ament_index_python import get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration

from rl_nodes.launch_plans import LaunchPlan, NodeStart

SAVING_SECONDS = "600"
"""What a training may take to finish its rollout and save, before it is ended by SIGTERM."""


def describe(plan: LaunchPlan) -> LaunchDescription:
    """Declare the arguments of a plan and start its nodes; when one ends, all of them are interrupted."""

    def start(context: LaunchContext) -> list[ExecuteProcess]:
        values = {name: LaunchConfiguration(name).perform(context) for name in plan.arguments}
        return [_process(node) for node in plan.starts(values)]

    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in plan.arguments.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=start)])


def _process(node: NodeStart) -> ExecuteProcess:
    return ExecuteProcess(
        cmd=node.command(Path(get_package_prefix(node.package))),
        name=node.name,
        output="screen",
        sigterm_timeout=SAVING_SECONDS,
        on_exit=[Shutdown(reason=f"{node.name} has ended")],
    )
