import subprocess
import sys
from pathlib import Path

import pytest

from rl_pipeline.commands.unity_overrides import unity_overrides
from rl_pipeline.config.launcher import load_launcher_config

PATIENCE = 800.0
"""Seconds after which a training has failed, on however slow a machine; it starts four builds one after the other."""

pytestmark = pytest.mark.timeout(PATIENCE + 60)

EXPERIMENT = """
environment: {id: Tank, backend: BACKEND}
training:
  algorithm: ppo
  algorithm_parameters: {n_steps: 16, batch_size: 16}
  training: {total_timesteps: 64, device: cpu, eval: {num_evals: 1, num_episodes: 1}}
evaluation: {num_episodes: 1, video: false}
"""
PLAYER = Path(__file__).parents[2] / "unity_build" / "player" / "tank.x86_64"
RECORDING_BUILD = """#!{python}
import struct, sys
from pathlib import Path
sys.path.insert(0, "{repository}")
folder = Path("{folder}")
(folder / "arguments").write_text(" ".join(sys.argv[1:]))
from rl_pipeline.envs.unity.side_channels import ENGINE, unpack
from unity_build.player import main, mlagents
read = mlagents.MLAgentsPlayer._read_parameters
def note(player, data):
    for channel, payload in unpack(data):
        if channel == ENGINE and payload[:4] == struct.pack("<i", 2):
            (folder / "time_scale").write_text(str(*struct.unpack("<f", payload[4:])))
    read(player, data)
mlagents.MLAgentsPlayer._read_parameters = note
sys.exit(main.main())
"""

SECTIONS = {
    "unity": "unity, n_environments: 2, unity: {log_folder: LOGS}",
    "unity_ros": "unity_ros, unity_ros: {port: 0}",
}


def launch(
    folder: Path, build: Path, backend: str = "unity", unity: str = ""
) -> subprocess.CompletedProcess[str]:
    section = SECTIONS[backend].replace("LOGS", str(folder / "logs"))
    (folder / "tank.yaml").write_text(EXPERIMENT.replace("BACKEND", section))
    (folder / "config.yml").write_text(f"experiment: tank.yaml\nunity: {{build_path: {build}{unity}}}\n")
    command = [sys.executable, "-m", "rl_pipeline", "launch"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize("backend", SECTIONS)
def test_the_build_of_config_yml_is_trained_in(backend: str, tmp_path: Path) -> None:
    result = launch(tmp_path, PLAYER, backend)
    assert result.returncode == 0, result.stderr
    assert "Training finished at timestep 64" in result.stdout


@pytest.mark.parametrize("backend", SECTIONS)
def test_the_settings_of_config_yml_reach_the_build(backend: str, tmp_path: Path) -> None:
    """The build is the player, which writes down its arguments and what ML-Agents tells its engine."""
    build = tmp_path / "build"
    build.write_text(
        RECORDING_BUILD.format(python=sys.executable, repository=PLAYER.parents[2], folder=tmp_path)
    )
    build.chmod(0o755)
    unity = ", headless_mode: false, pause: true, sample_time: 0.1, time_scale: 3.5"
    result = launch(tmp_path, build, backend, unity)
    assert result.returncode == 0, result.stderr
    arguments = (tmp_path / "arguments").read_text()
    assert "-batchmode" not in arguments
    assert "--pause True --sample-time 0.1" in arguments
    if backend == "unity_ros":
        assert "--time-scale 3.5" in arguments
    else:
        assert "--time-scale" not in arguments
        assert (tmp_path / "time_scale").read_text() == "3.5"


@pytest.mark.parametrize(
    ("environment", "unity", "changed"),
    [
        ("unity, unity: {build_path: a}", "{}", []),
        ("gymnasium", "{time_scale: 2.0, build_path: b}", []),
        ("unity", "{time_scale: 2.0}", []),
        ("unity", "{build_path: b}", ['environment.unity.build_path="b"']),
        (
            "unity, unity: {build_path: a, headless: true, engine: {time_scale: 5.0}}",
            "{build_path: b, headless_mode: false, time_scale: 2.0}",
            [],
        ),
        (
            "unity_ros, unity_ros: {build_path: a, arguments: [--time-scale, '5', --more]}",
            "{pause: false, headless_mode: false, time_scale: 2.0}",
            [
                "environment.unity_ros.headless=false",
                'environment.unity_ros.arguments=["--time-scale", "5", "--more", "--pause", "False"]',
            ],
        ),
    ],
)
def test_what_the_experiment_says_wins(
    environment: str, unity: str, changed: list[str], tmp_path: Path
) -> None:
    (tmp_path / "tank.yaml").write_text(EXPERIMENT.replace("BACKEND", environment))
    (tmp_path / "config.yml").write_text(f"experiment: tank.yaml\nunity: {unity}\n")
    assert unity_overrides(load_launcher_config(tmp_path / "config.yml"), []) == changed


def test_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "tank.yaml").write_text(EXPERIMENT.replace("BACKEND", "unity, unity: {build_path: a}"))
    (tmp_path / "config.yml").write_text("experiment: tank.yaml\nunity: {time_scale: 2.0}\n")
    launcher = load_launcher_config(tmp_path / "config.yml")
    assert unity_overrides(launcher, []) == ["environment.unity.engine.time_scale=2.0"]
    assert unity_overrides(launcher, ["environment.unity.engine.time_scale=7.0"]) == []


def test_a_build_that_is_missing_is_refused_and_the_player_offered(tmp_path: Path) -> None:
    result = launch(tmp_path, tmp_path / "Scene.x86_64")
    assert result.returncode == 2, result.stderr
    assert "unity_build/player/tank.x86_64" in result.stderr
    assert "Scene.x86_64" in result.stderr
