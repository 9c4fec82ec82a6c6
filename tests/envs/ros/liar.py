"""A simulation whose second step is wrong in the way that its argument says."""

import sys
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException
from rl_interfaces import srv

from rl_pipeline.config.environment import Environment
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.envs.ros.services.server import SimulationServer


def spoil(answer: Any, how: str) -> None:
    match how:
        case "nan":
            answer.observations[5] = float("nan")
        case "short":
            answer.observations = answer.observations[:-1]
        case "rewards":
            answer.rewards = answer.rewards[:1]


def lying(step: Callable[[Any, Any], Any], how: str) -> Callable[[Any, Any], Any]:
    def answer(request: Any, response: Any) -> Any:
        response = step(request, response)
        if request.sequence > 2:
            spoil(response, how)
        return response

    return answer


if __name__ == "__main__":
    rclpy.init()
    node = rclpy.create_node("simulation")
    environment = Environment(id="CartPole-v1", n_environments=4)
    server = SimulationServer(
        environment.id, 4, lambda n, render_mode: make_vector_env(environment, n_environments=n)
    )
    for name, kind in (
        ("open", srv.Open),
        ("close", srv.Close),
        ("reset", srv.Reset),
        ("render", srv.Render),
    ):
        node.create_service(kind, f"~/{name}", getattr(server, name))
    for name, kind in (("save_state", srv.SaveState), ("load_state", srv.LoadState)):
        node.create_service(kind, f"~/{name}", getattr(server, name))
    node.create_service(srv.Step, "~/step", lying(server.step, sys.argv[1]))
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        rclpy.try_shutdown()
