import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rl_pipeline.envs.unity_process import free_port
from tests.unity_build.mono import PROTOCOL, ROOT, SOURCES, compile_csharp, needs_mono

WAIT = 120.0


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    (tmp_path / "experiment.yaml").write_text("environment: {id: CartPole-v1, n_environments: 2}\n")
    return tmp_path


def configure(workplace: Path, build: str) -> None:
    unity = f"{{build_path: {build}, headless_mode: true, pause: true, sample_time: 0.1, time_scale: 2.0}}"
    (workplace / "config.yml").write_text(f"experiment: experiment.yaml\nunity: {unity}\n")


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/usr/bin/env bash\n{text}\n")
    path.chmod(0o755)


def launch(workplace: Path, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "rl_pipeline", "unity", *options],
        cwd=workplace,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@needs_mono
def test_a_build_is_started_answers_and_ends_with_the_launcher(workplace: Path) -> None:
    sources = [*PROTOCOL.glob("*.cs"), SOURCES / "Seeker.cs", SOURCES / "SeekerProgram.cs"]
    program = compile_csharp(workplace / "seeker.exe", *sources)
    script(workplace / "build", f'echo "$@" > {workplace}/arguments\nexec mono {program} "$@"')
    configure(workplace, "build")
    port = free_port()
    process = launch(workplace, "--port", str(port), "--log", "logs/unity.log")
    try:
        assert process.stdout
        assert process.stdout.readline() == f"the build answers; it waits for a training on port {port}\n"
        assert (workplace / "arguments").read_text().split() == [
            *("-batchmode", "-nographics", "-logFile", str(workplace / "logs" / "unity.log")),
            *("--ros-ip", "127.0.0.1", "--ros-port", str(port), "--n-environments", "2"),
            *("--pause", "True", "--sample-time", "0.1", "--time-scale", "2.0"),
        ]
        with socket.create_server(("127.0.0.1", port)) as listener:
            listener.settimeout(WAIT)
            listener.accept()[0].close()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT) == 0


def refusal(workplace: Path, *options: str) -> tuple[int, str]:
    process = launch(workplace, "--log", "logs/unity.log", *options)
    _, error = process.communicate(timeout=WAIT)
    return process.returncode, error


def test_a_missing_build_is_refused_with_what_to_put_there(workplace: Path) -> None:
    configure(workplace, "Playground.x86_64")
    status, error = refusal(workplace)
    assert status == 2
    assert "unity.build_path" in error
    assert "unity_build/player" in error
    configure(workplace, "null")
    status, error = refusal(workplace)
    assert status == 2
    assert "is not set" in error
    assert "unity_build/player" in error


def test_a_build_that_ends_or_never_answers_is_a_failure_with_its_log(workplace: Path) -> None:
    configure(workplace, "build")
    script(workplace / "build", "echo no graphics device; exit 3")
    status, error = refusal(workplace, "--port", str(free_port()))
    assert status == 1
    assert "status 3" in error
    assert "no graphics device" in error
    script(workplace / "build", "exec sleep 600")
    status, error = refusal(workplace, "--port", str(free_port()), "--timeout", "1")
    assert status == 1
    assert "no service within 1 s" in error


def test_both_launchers_start_the_same_command() -> None:
    subprocess.run(["bash", "-n", ROOT / "launch_unity_simulation.bash"], check=True)
    command = "-m rl_pipeline unity --config config.yml"
    assert command in (ROOT / "launch_unity_simulation.bash").read_text()
    batch = (ROOT / "launch_unity_simulation.bat").read_bytes()
    assert batch.count(b"\r\n") == batch.count(b"\n") == batch.count(b"\r")
    assert batch.isascii()
    lines = batch.decode().splitlines()
    assert any(command in line for line in lines)
    for line in lines:
        if "goto " in line:
            assert f":{line.split('goto ')[1]}" in lines
