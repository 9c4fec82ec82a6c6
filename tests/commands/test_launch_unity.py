import subprocess
import sys
from pathlib import Path

import pytest

EXPERIMENT = """
environment: {id: Tank, backend: BACKEND}
training:
  algorithm: ppo
  algorithm_parameters: {n_steps: 16, batch_size: 16}
  training: {total_timesteps: 64, device: cpu, eval: {num_evals: 1, num_episodes: 1}}
evaluation: {num_episodes: 1, video: false}
"""
PLAYER = Path(__file__).parents[2] / "unity_build" / "player" / "tank.x86_64"


SECTIONS = {
    "unity": "unity, n_environments: 2, unity: {log_folder: LOGS}",
    "unity_ros": "unity_ros, unity_ros: {port: 0}",
}


def launch(folder: Path, build: Path, backend: str = "unity") -> subprocess.CompletedProcess[str]:
    section = SECTIONS[backend].replace("LOGS", str(folder / "logs"))
    (folder / "tank.yaml").write_text(EXPERIMENT.replace("BACKEND", section))
    (folder / "config.yml").write_text(f"experiment: tank.yaml\nunity: {{build_path: {build}}}\n")
    command = [sys.executable, "-m", "rl_pipeline", "launch"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.parametrize("backend", SECTIONS)
def test_the_build_of_config_yml_is_trained_in(backend: str, tmp_path: Path) -> None:
    result = launch(tmp_path, PLAYER, backend)
    assert result.returncode == 0, result.stderr
    assert "Training finished at timestep 64" in result.stdout


def test_a_build_that_is_missing_is_refused_and_the_player_offered(tmp_path: Path) -> None:
    result = launch(tmp_path, tmp_path / "Scene.x86_64")
    assert result.returncode == 2, result.stderr
    assert "unity_build/player/tank.x86_64" in result.stderr
    assert "Scene.x86_64" in result.stderr
