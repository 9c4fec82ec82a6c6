"""Returns of exported policies as nodes in simulations that run in real time, beside evaluations in one process.

    bash -c 'source ros_ws/activate.bash && python benchmarks/real_time.py RUN [RUN ...] [--rate 50]'

A simulation node plays the robot of each run: it steps by its clock with the latest command, whether one came in time
or not. The policy node answers each observation. Both begin with the same seed; the evaluation in process has no
delay, as a command that comes before the next step has none. Late commands are those whose reward differs first.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
import yaml
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Float64
from std_srvs.srv import Trigger

from rl_pipeline.commands.ros_node import OWN_PACKAGE, nodes_of
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.ros.spinning import SpinningThread
from rl_pipeline.policies.exported import ExportedPolicy, load_exported
from rl_pipeline.policies.rollout import Rollout
from rl_pipeline.run.locate import find_run
from rl_pipeline.run.trained_policy import stored_config

PATIENCE = 60.0


def describe(exported: ExportedPolicy) -> dict[str, Any]:
    action = exported.spec.action
    low, high = float(np.max(action.low)), float(np.min(action.high))
    field = {"field": f"simulation/action.data[0:{action.shape[0]}]", "low": low, "high": high}
    return {
        "observations": ["observation.data"],
        "commands": [{**field, "type": "std_msgs/msg/Float64MultiArray"}],
        "trigger": "observation",
        "ramp": 0.0,
        "startup_timeout": PATIENCE,
        "safety": {"max_age": 10.0, "max_late": 10.0},
    }


def in_process(run: str, exported: ExportedPolicy, seed: int, n: int) -> list[float]:
    environment = stored_config(find_run(run)).environment
    alone = environment.model_copy(update={"normalize": type(environment.normalize)()})
    with closing(make_vector_env(alone, n_environments=1)) as env:
        env.reset(seed=seed)
        rollout = Rollout(exported.policy, env, seed=None)  # the simulation node is reset once, too
        return [float(rollout.step().rewards[0]) for _ in range(n)]


class Bystander:
    """Counts rewards, and calls services."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.rewards: list[float] = []
        node.create_subscription(Float64, "/reward", lambda message: self.rewards.append(message.data), 1000)

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """Call a service and return its answer."""
        client = self.node.create_client(kind, name)
        if not client.wait_for_service(PATIENCE):
            raise SystemExit(f"the service {name} is not available")
        answer = client.call(request, timeout_sec=PATIENCE)
        if answer is None or not answer.success:
            raise SystemExit(f"{name} failed: {answer}")
        return answer


def in_real_time(
    run: str, exported: ExportedPolicy, options: argparse.Namespace, bystander: Bystander, folder: Path
) -> list[float]:
    """Return the rewards of the steps from shortly before a reset on."""
    path = find_run(run).path
    robot = folder / "robot.yaml"
    robot.write_text(yaml.safe_dump({"deploy": describe(exported)}))
    factor = options.rate / (exported.spec.rate or options.rate)
    simulated = [
        "-p",
        f"config:={path / 'config.yaml'}",
        "-p",
        "real_time:=true",
        "-p",
        f"seed:={options.seed}",
    ]
    simulated += ["-p", f"real_time_factor:={factor}"]
    acting = ["-p", f"policy:={path / 'policy.onnx'}", "-p", f"config:={robot}"]
    with ExitStack() as stack:
        for name, parameters in (("simulation", simulated), ("policy", acting)):
            stack.enter_context(node_process(name, parameters))
        transition = Transition(id=Transition.TRANSITION_ACTIVATE)
        bystander.call(ChangeState, "/policy/change_state", ChangeState.Request(transition=transition))
        before = len(bystander.rewards)
        bystander.call(Trigger, "/simulation/reset_episode", Trigger.Request())
        deadline = time.monotonic() + PATIENCE + 2 * options.steps / options.rate
        while len(bystander.rewards) < before + options.steps + 10 and time.monotonic() < deadline:
            time.sleep(0.1)
    return bystander.rewards[before:]


def node_process(name: str, parameters: Sequence[str]) -> "closing[Any]":
    executable = nodes_of(OWN_PACKAGE, map(Path, os.environ["AMENT_PREFIX_PATH"].split(os.pathsep)))[name]
    process = subprocess.Popen([str(executable), "--ros-args", *parameters])

    class Running:
        def close(self) -> None:
            process.terminate()
            process.wait(PATIENCE)

    return closing(Running())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--rate", type=float, default=50.0, help="steps per second of the wall clock")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, metavar="FILE.json")
    options = parser.parse_args()
    rclpy.init(args=[])
    node = rclpy.create_node("bystander")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread, rows = SpinningThread(executor), []
    try:
        for run in options.runs:
            bystander = Bystander(node)
            exported = load_exported(find_run(run).path / "policy.onnx")
            with tempfile.TemporaryDirectory() as folder:
                rewards = in_real_time(run, exported, options, bystander, Path(folder))
            rows.append(compare(run, rewards, in_process(run, exported, options.seed, options.steps)))
            print(rows[-1], flush=True)
    finally:
        thread.close()
        node.destroy_node()
        rclpy.try_shutdown()
    if options.output:
        options.output.write_text(json.dumps(rows, indent=1))


def compare(run: str, rewards: Sequence[float], expected: Sequence[float]) -> dict[str, Any]:
    """Align the rewards at the first step after the reset, which nobody announces, and compare the sums."""
    starts = [index for index, reward in enumerate(rewards[:20]) if reward == expected[0]] or [0]
    received = list(rewards[starts[0] : starts[0] + len(expected)])
    n = len(received)
    same = next((i for i, pair in enumerate(zip(received, expected, strict=False)) if pair[0] != pair[1]), n)
    returns = sum(received), sum(expected[:n])
    return {"run": run, "steps": n, "return": returns[0], "in process": returns[1], "equal steps": same}


if __name__ == "__main__":
    main()
