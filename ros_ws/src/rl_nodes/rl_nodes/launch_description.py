"""Conversion of a plan to a launch description for `ros2 launch`."""

from pathlib import Path

from ament_index_python import get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.event_handlers import OnProcessIO
from launch.events.process import ProcessExited, ProcessIO
from launch.substitutions import LaunchConfiguration

from rl_nodes.launch_outcome import Outcome
from rl_nodes.launch_plans import LaunchPlan, NodeStart

SAVING_SECONDS = "600"
"""Seconds that a training has to finish its rollout and save, before it gets SIGTERM."""


def describe(plan: LaunchPlan) -> LaunchDescription:
    """Declare the arguments of a plan and start its nodes; when one ends, all of them are interrupted.

    If a node failed, the launch ends with its last output and an exit status that is not 0.
    """

    def start(context: LaunchContext) -> list[ExecuteProcess | RegisterEventHandler]:
        values = {name: LaunchConfiguration(name).perform(context) for name in plan.arguments}
        nodes = plan.starts(values)
        outcome = Outcome(len(nodes))
        return [entity for node in nodes for entity in _process(node, outcome)]

    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in plan.arguments.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=start)])


def _process(node: NodeStart, outcome: Outcome) -> list[ExecuteProcess | RegisterEventHandler]:
    def wrote(event: ProcessIO) -> None:
        outcome.wrote(event.process_name, event.text)

    def ended(event: ProcessExited, context: LaunchContext) -> Shutdown | None:
        outcome.ended(event.process_name, event.returncode, interrupted=context.is_shutdown)
        return None if context.is_shutdown else Shutdown(reason=f"{event.process_name} has ended")

    process = ExecuteProcess(
        cmd=node.command(Path(get_package_prefix(node.package))),
        name=node.name,
        output="screen",
        sigterm_timeout=SAVING_SECONDS,
        on_exit=ended,
    )
    return [
        RegisterEventHandler(OnProcessIO(target_action=process, on_stdout=wrote, on_stderr=wrote)),
        process,
    ]
