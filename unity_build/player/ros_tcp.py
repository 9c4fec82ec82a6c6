"""Stands in for a Unity build: connects over ROS-TCP and serves the tanks of `tank.py`, or faults on demand."""

import argparse
import contextlib
import functools
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rl_pipeline.bridge.cdr import CdrWriter
from rl_pipeline.bridge.client import Client
from rl_pipeline.bridge.messages import REQUESTS, RESPONSES, TYPES, decode_message, encode_message
from rl_pipeline.envs.ros.services.server import SimulationServer
from unity_build.player.picture import seen_from_above
from unity_build.player.tank import ACTION_SIZE, OBSERVATION_SIZE, Tanks

ENVIRONMENT_ID = "Tank"
RETRY_S = 0.2
FAULTS = ("crash", "stall", "nan", "size", "garbage")


class TankVectorEnv(VectorEnv):
    """The tanks as a vector environment with same-step autoreset; `success` is a metric of the last timestep."""

    single_observation_space = spaces.Box(-np.inf, np.inf, (OBSERVATION_SIZE,), np.float32)
    single_action_space = spaces.Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)

    def __init__(self, n: int) -> None:
        self.num_envs = n
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.observation_space = batch_space(self.single_observation_space, n)
        self.action_space = batch_space(self.single_action_space, n)
        self._tanks = Tanks(n)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Give tanks new targets; `options["reset_mask"]` says which."""
        mask = (options or {}).get("reset_mask", np.ones(self.num_envs, np.bool_))
        seeds = [seed + index for index in range(self.num_envs)] if isinstance(seed, int) else seed
        self._tanks.reset(mask, seeds)
        return self._tanks.observations(), {}

    def step(
        self, actions: NDArray[np.float32]
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Drive for a timestep."""
        step = self._tanks.step(actions)
        infos: dict[str, Any] = {}
        if step.ended.any():
            infos = {"final_obs": step.observations, "_final_obs": step.ended}
            infos |= {"success": step.success.astype(np.float64), "_success": step.ended}
            self._tanks.reset(step.ended)
        return self._tanks.observations(), step.rewards.astype(float), step.terminated, step.truncated, infos

    def render(self) -> tuple[NDArray[np.uint8]]:
        """Return a picture of the first tank."""
        return (seen_from_above(self._tanks.pose(0), self._tanks.target(0)),)

    def pose_message(self) -> bytes:
        """Return the first tank's pose as `geometry_msgs/Pose`."""
        x, y, heading = self._tanks.pose(0)
        turn = [0.0, 0.0, math.sin(heading / 2), math.cos(heading / 2)]
        return CdrWriter().array(np.array([x, y, 0.0, *turn]), counted=False).message()


class Player:
    """Answers the services of all environments over one connection.

    Args:
        prefixes: Beginnings of service names; each has as many environments as `n`.
        n: Environments of each.
        fault: What goes wrong, one of `FAULTS`.
        after: Steps before it does.
        publishes: Whether the first tank of each prefix has its pose published on `<prefix>/pose`.
    """

    def __init__(
        self, prefixes: Sequence[str], n: int, fault: str | None, after: int, publishes: bool
    ) -> None:
        self._servers = {
            prefix: SimulationServer(
                ENVIRONMENT_ID,
                n,
                lambda count, mode: TankVectorEnv(count),
                functools.partial(self._publish_pose, f"{prefix}/pose"),
            )
            for prefix in prefixes
        }
        self._fault, self._steps_left = fault, after
        self._publishes = publishes
        self._client: Client

    def serve(self, client: Client) -> None:
        """Offer the services and answer until the connection ends."""
        self._client = client
        for prefix in self._servers:
            if self._publishes:
                client.command("__publish", topic=f"{prefix}/pose", message_name="geometry_msgs/Pose")
            for service, type_name in TYPES.items():
                client.command("__unity_service", topic=f"{prefix}/{service}", message_name=type_name)
        while True:
            frame = client.receive()
            if frame.topic == "__request":
                number = json.loads(frame.payload)["srv_id"]
                request = client.receive()
                client.respond(number, request.topic, self._answer(request.topic, request.payload))
            elif frame.topic in ("__error", "__warn"):
                print(json.loads(frame.payload).get("text"), file=sys.stderr, flush=True)

    def _publish_pose(self, topic: str, env: Any, rewards: NDArray[np.float64] | None) -> None:
        if self._publishes:
            self._client.publish(topic, env.pose_message())

    def _answer(self, topic: str, payload: bytes) -> bytes:
        prefix, _, service = topic.rpartition("/")
        request = decode_message(REQUESTS[service], payload)
        response = getattr(self._servers[prefix], service)(request, SimpleNamespace(error=""))
        if service == "step" and self._fault is not None:
            self._steps_left -= 1
            if self._steps_left < 0:
                return self._misbehave(response)
        return encode_message(RESPONSES[service], **vars(response))

    def _misbehave(self, response: SimpleNamespace) -> bytes:
        values = np.array(response.observations)
        match self._fault:
            case "crash":
                print("crashed on demand", file=sys.stderr, flush=True)
                os.abort()
            case "stall":
                time.sleep(3600)
            case "nan":
                values[0] = np.nan
            case "size":
                values = values[:-1]
            case "garbage":
                return b"\xff" * 40
        return encode_message(RESPONSES["step"], **(vars(response) | {"observations": values}))


def main(arguments: Sequence[str]) -> int:
    """Connect, again and again, and serve until SIGINT."""
    parser = argparse.ArgumentParser("tank", description=__doc__)
    parser.add_argument("--ros-ip", default="127.0.0.1")
    parser.add_argument("--ros-port", type=int, default=10000)
    parser.add_argument("--n-environments", type=int, default=1)
    parser.add_argument("--prefix", default="/unity")
    parser.add_argument("--services", choices=("batch", "each"), default="batch")
    parser.add_argument("--publish-poses", action="store_true", help="on the topic <prefix>/pose")
    parser.add_argument("--fault", choices=FAULTS)
    parser.add_argument("--after", type=int, default=0, help="steps before the fault")
    options, _ = parser.parse_known_args(arguments)  # Unity ignores what it does not know, too
    each = options.services == "each"
    prefixes = [f"{options.prefix}_{index}" for index in range(options.n_environments)]
    player = Player(
        prefixes if each else [options.prefix],
        1 if each else options.n_environments,
        options.fault,
        options.after,
        options.publish_poses,
    )
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            with (
                contextlib.suppress(OSError),
                Client(options.ros_ip, options.ros_port, timeout=None) as client,
            ):
                player.serve(client)
            time.sleep(RETRY_S)
    return 0
