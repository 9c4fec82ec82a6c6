"""`rl-pipeline unity`: start the Unity build that config.yml names, as launch_unity_simulation does."""

import argparse
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.argument_types import positive
from rl_pipeline.commands.unity_overrides import build_arguments
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.errors import CommandFailedError

if TYPE_CHECKING:
    from rl_pipeline.config.launcher import LauncherConfig
    from rl_pipeline.envs.unity_process import UnityProcess

NAME = "unity"
HELP = "start the Unity build that config.yml names, and wait until it responds"
ADDRESS = "127.0.0.1"
POLL_S = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("--config", type=Path, default=Path("config.yml"), help="default config.yml")
    parser.add_argument("--port", type=positive, default=10000, help="port of ROS-TCP, default 10000")
    parser.add_argument(
        "--timeout", type=positive, default=60, help="time limit in seconds for its first answer, default 60"
    )
    parser.add_argument("--log", type=Path, default=Path("build/unity.log"), help="default build/unity.log")


def run(options: argparse.Namespace) -> int:
    """Start the build, and wait until it ends or is stopped."""
    from rl_pipeline.config.launcher import load_launcher_config
    from rl_pipeline.envs.unity_process import UnityProcess

    launcher = load_launcher_config(options.config)
    executable = _executable(launcher, options.config)
    listener = _listen(options.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    process = UnityProcess(
        executable, _arguments(launcher, options.port), options.log.resolve(), launcher.unity.headless_mode
    )
    with suppress(KeyboardInterrupt):
        try:
            if listener is None:
                print(f"port {options.port} is in use: the build connects to the program that listens there")
            else:
                _wait_for_services(listener, process, options.timeout)
                print(f"the build answers; it waits for a training on port {options.port}", flush=True)
            while process.alive():
                time.sleep(POLL_S)
        finally:
            process.close()
        raise CommandFailedError(str(process.failure("the build ended")))
    return 0


def _executable(launcher: "LauncherConfig", file: Path) -> Path:
    from rl_pipeline.envs.unity_process import PLAYER, check_build

    build_path = launcher.unity.build_path
    if build_path is None:
        remedy = f"write the executable of a Unity build, or {PLAYER}, a small task that needs no Unity"
        raise ConfigError([Problem("unity.build_path", "is not set", place=str(file), remedy=remedy)])
    return check_build(str(file.parent / build_path), "unity.build_path")


def _arguments(launcher: "LauncherConfig", port: int) -> list[str]:
    from rl_pipeline.config.loading import load_config

    n_environments = launcher.n_environments
    if n_environments is None:
        n_environments = load_config(launcher.experiment).config.environment.n_environments
    values = {
        "--ros-ip": ADDRESS,
        "--ros-port": port,
        "--n-environments": n_environments,
    }
    return [*(str(word) for pair in values.items() for word in pair), *build_arguments(launcher.unity)]


def _listen(port: int) -> socket.socket | None:
    """Hold the port until the build answers, unless a training or an endpoint already uses it."""
    try:
        return socket.create_server((ADDRESS, port))
    except OSError:
        return None


def _wait_for_services(listener: socket.socket, process: "UnityProcess", timeout: float) -> None:
    """Act as the endpoint until the build offers a service, then free the port: the build reconnects by itself."""
    from rl_pipeline.bridge.commands import handshake
    from rl_pipeline.bridge.framing import FrameDecoder

    end = time.monotonic() + timeout
    decoder = FrameDecoder()
    connection: socket.socket | None = None
    listener.settimeout(POLL_S)
    with listener:
        while process.alive() and time.monotonic() < end:
            with suppress(TimeoutError):
                if connection is None:
                    connection, _ = listener.accept()
                    connection.settimeout(POLL_S)
                    connection.sendall(handshake())
                frames = decoder.feed(connection.recv(2**16))
                if any(frame.topic == "__unity_service" for frame in frames):
                    connection.close()
                    return
    raise CommandFailedError(str(process.failure(f"the build offered no service within {timeout} s")))
