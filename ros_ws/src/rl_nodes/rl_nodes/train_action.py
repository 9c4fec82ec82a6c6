"""The action `~/train`: trainings on request, one at a time."""

import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rl_interfaces.action import Train
from rl_interfaces.msg import TrainingStatus

from rl_nodes.status import StatusPublisher
from rl_pipeline.errors import FAILED, UserError
from rl_pipeline.run.control import SIGNALS, TrainingControl
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.rl_trainer import TrainingResult

TrainFunction = Callable[[str, list[str], str, TrainingControl], tuple[RunFolder, TrainingResult]]
SIGNAL_NAMES = {number.name for number in SIGNALS}
POLL_SECONDS = 0.2
DELIVERY_SECONDS = 0.5


@dataclass
class Job:
    """A goal that is passed from the thread that accepted it to the main thread and back."""

    goal: Train.Goal
    control: TrainingControl = field(default_factory=TrainingControl)
    done: threading.Event = field(default_factory=threading.Event)
    result: Train.Result = field(default_factory=Train.Result)


class TrainAction:
    """Serves the action; the trainings run in the thread that calls `serve`.

    Args:
        node: Serves it.
        train: Trains with a configuration, overrides, run to resume and control.
        status: Source of the feedback messages.
    """

    def __init__(self, node: Node, train: TrainFunction, status: StatusPublisher) -> None:
        self._node = node
        self._train = train
        self._status = status
        self._jobs: queue.Queue[Job] = queue.Queue()
        self._busy = threading.Lock()
        self._job: Job | None = None
        self._server = ActionServer(
            node,
            Train,
            "~/train",
            execute_callback=self._execute,
            goal_callback=self._accept,
            cancel_callback=self._cancel,
            callback_group=ReentrantCallbackGroup(),
        )

    def serve(self) -> None:
        """Train at each goal until SIGINT or SIGTERM."""
        self._node.get_logger().info(f"waiting for goals of {self._node.get_fully_qualified_name()}/train")
        with TrainingControl("no training is running, so the node ends").listening() as idle:
            while idle.stop_reason is None:
                try:
                    job = self._jobs.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    continue
                self._carry_out(job)
                if job.control.stop_reason in SIGNAL_NAMES:
                    break
        self._busy.acquire()  # until the last goal has its result
        time.sleep(DELIVERY_SECONDS)  # ROS does not report when a result has been sent

    def _accept(self, goal: Train.Goal) -> GoalResponse:
        if not self._busy.acquire(blocking=False):
            self._node.get_logger().warning("a goal was refused: a training is running; cancel it first")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _cancel(self, goal_handle: ServerGoalHandle) -> CancelResponse:
        if self._job is not None:
            self._job.control.stop("cancelled")
        return CancelResponse.ACCEPT

    def _execute(self, goal_handle: ServerGoalHandle) -> Train.Result:
        self._job = job = Job(goal_handle.request)

        def send_feedback(status: TrainingStatus) -> None:
            goal_handle.publish_feedback(Train.Feedback(status=status))

        self._status.on_status = send_feedback
        self._jobs.put(job)
        job.done.wait()
        self._status.on_status = lambda status: None
        self._job = None
        if goal_handle.is_cancel_requested:
            goal_handle.canceled()
        elif job.result.status in ("finished", "stopped"):
            goal_handle.succeed()
        else:
            goal_handle.abort()
        self._busy.release()
        return job.result

    def _carry_out(self, job: Job) -> None:
        result = job.result
        result.best_mean_return = math.nan
        try:
            folder, outcome = self._train(
                job.goal.config, list(job.goal.overrides), job.goal.resume, job.control
            )
        except UserError as error:
            result.status = "failed" if error.exit_status == FAILED else "refused"
            result.message = error.text()
        except OSError as error:
            notes = getattr(error, "__notes__", [])
            result.status, result.message = "failed", "\n".join([str(error), *notes])
        else:
            result.run_folder, result.status = str(folder.path), outcome.status
            result.timestep, result.message = outcome.timestep, outcome.reason or ""
            if outcome.best_mean_return is not None:
                result.best_mean_return = outcome.best_mean_return
        finally:
            job.done.set()
