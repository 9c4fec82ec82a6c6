import math
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.ros_network import RosNetwork

if TYPE_CHECKING:
    from .conftest import Participant

ENDLESS = ["training.training.total_timesteps=1000000"]


class Trainer:
    """A client of the action."""

    def __init__(self, participant: "Participant") -> None:
        from rclpy.action import ActionClient
        from rl_interfaces.action import Train

        self.participant = participant
        self.feedback: list[Any] = []
        self.Goal = Train.Goal
        self.client = ActionClient(participant.node, Train, "/train/train")
        assert self.client.wait_for_server(300), "the action is not on the network"

    def send(self, **goal: Any) -> Any:
        """Send a goal and return its handle."""
        return self._result_of(
            lambda: self.client.send_goal_async(
                self.Goal(**goal), feedback_callback=lambda message: self.feedback.append(message.feedback)
            )
        )

    def _result_of(self, ask: Callable[[], Any]) -> Any:
        """Ask in the executor: rclpy drops an answer that comes before the client has noted its number."""
        return self.participant.result(self.participant.result(self.participant.executor.create_task(ask)))

    def outcome(self, handle: Any) -> tuple[int, Any]:
        """Wait for the status and the result of a goal."""
        answer = self._result_of(handle.get_result_async)
        return answer.status, answer.result


def test_goals_are_trained_one_at_a_time_until_a_signal(
    ros_network: RosNetwork, participant: "Participant", experiment: Path
) -> None:
    from action_msgs.msg import GoalStatus

    with ros_network.node("rl_nodes", "train") as process:
        trainer = Trainer(participant)

        handle = trainer.send(config=str(experiment))
        assert handle.accepted
        status, result = trainer.outcome(handle)
        assert (status, result.status) == (GoalStatus.STATUS_SUCCEEDED, "finished"), result.message
        assert result.timestep == 200
        assert result.best_mean_return > 0
        assert (Path(result.run_folder) / "model.zip").exists()
        assert trainer.feedback[0].status.state == "training"
        assert any(message.status.fps > 0 for message in trainer.feedback)

        status, refused = trainer.outcome(
            trainer.send(config=str(experiment), overrides=["training.algorithm=pop"])
        )
        assert (status, refused.status) == (GoalStatus.STATUS_ABORTED, "refused")
        assert "unknown algorithm" in refused.message
        assert "did you mean: ppo" in refused.message
        assert math.isnan(refused.best_mean_return)

        handle = trainer.send(config=str(experiment), overrides=ENDLESS)
        assert handle.accepted
        assert not trainer.send(config=str(experiment)).accepted
        participant.result(handle.cancel_goal_async())
        status, cancelled = trainer.outcome(handle)
        assert (status, cancelled.status) == (GoalStatus.STATUS_CANCELED, "stopped")
        assert cancelled.message == "cancelled"
        assert list((Path(cancelled.run_folder) / "checkpoints").glob("step_*"))

        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_a_node_without_a_training_says_that_and_ends(
    ros_network: RosNetwork, participant: "Participant"
) -> None:
    from rcl_interfaces.srv import GetParameters, SetParameters
    from rclpy.parameter import Parameter

    with ros_network.node("rl_nodes", "train") as process:
        Trainer(participant)
        parameter = Parameter("config", value="other.yaml").to_parameter_msg()
        [result] = participant.call(SetParameters, "/train/set_parameters", parameters=[parameter]).results
        assert not result.successful
        assert "read-only" in result.reason
        [value] = participant.call(GetParameters, "/train/get_parameters", names=["config"]).values
        assert value.string_value == ""
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "SIGINT: no training is running, so the node ends" in output


def test_a_signal_ends_the_training_and_the_node(
    ros_network: RosNetwork, participant: "Participant", experiment: Path
) -> None:
    arguments = ["-p", "action_server:=true", "-p", f"config:={experiment}"]
    with ros_network.node("rl_nodes", "train", *arguments) as process:
        trainer = Trainer(participant)
        handle = trainer.send(overrides=ENDLESS)
        assert handle.accepted
        while not any(message.status.fps > 0 for message in trainer.feedback):
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, result = trainer.outcome(handle)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert (result.status, result.message) == ("stopped", "SIGINT")
