"""A participant of the ROS network that receives messages while its owner computes."""

from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from rl_pipeline.config.errors import nearest
from rl_pipeline.envs.errors import SimulationMissingError
from rl_pipeline.envs.ros.participant import join_network, leave_network
from rl_pipeline.envs.ros.spinning import SpinningThread
from rl_pipeline.envs.ros.waiting import wait_for

NANOSECONDS = 1_000_000_000


class Network:
    """A node whose callbacks run in a thread.

    Args:
        use_sim_time: Take the time from /clock.

    Attributes:
        node: The node.
    """

    def __init__(self, *, use_sim_time: bool) -> None:
        sim_time = Parameter("use_sim_time", Parameter.Type.BOOL, use_sim_time)
        self.node: Node = join_network("environment", parameter_overrides=[sim_time])
        executor = SingleThreadedExecutor(context=self.node.context)
        executor.add_node(self.node)
        self._thread = SpinningThread(executor)

    def now(self) -> float:
        """Return the ROS time in seconds; 0 before the first message of /clock."""
        return float(self.node.get_clock().now().nanoseconds) / NANOSECONDS

    def close(self) -> None:
        """Leave the network."""
        self._thread.close()
        leave_network(self.node)


def find_type(node: Node, topic: str, timeout: float) -> str:
    """Wait for a publisher of a topic and return the topic's type.

    Raises:
        SimulationMissingError: The topic has no publisher.
    """
    publishers = wait_for(
        lambda: node.get_publishers_info_by_topic(topic), timeout, f"a publisher of {topic}"
    )
    if not publishers:
        known = [name for name, _ in node.get_topic_names_and_types() if node.count_publishers(name)]
        close = nearest(topic, known)
        hint = f"; did you mean '{close}'?" if close else "."
        raise SimulationMissingError(
            f"no publisher of {topic} after {timeout:.1f} s{hint} Existing topics: {', '.join(sorted(known))}. "
            "Start the robot, or check its namespace and ROS_DOMAIN_ID"
        )
    return str(publishers[0].topic_type)
