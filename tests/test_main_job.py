"""The main job: one command gives a trained robot, its curves and a film of it."""

import json
import subprocess
from pathlib import Path

import pytest
from imageio_ffmpeg import count_frames_and_secs

from tests.documentation import DOCS, ROOT, commands, run

RANDOM_RETURN = -280
"""Mean return of random actions in HalfCheetah-v5."""
HALF = "training.training.total_timesteps=300_000"
"""Half of the timesteps of the configuration, which bring the best policy to a mean return of about 2,900."""


@pytest.mark.timeout(900)
def test_one_command_trains_evaluates_and_films_a_robot(tmp_path: Path) -> None:
    experiments = tmp_path / "experiments"
    result = subprocess.run(
        ["bash", str(ROOT / "launch_node.bash"), f"experiment.folder={experiments}", HALF],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    [folder] = experiments.glob("HalfCheetah-v5/ppo/*")
    assert str(folder) in result.stdout
    for command in (
        "rl-pipeline play",
        "rl-pipeline record",
        "rl-pipeline eval",
        "rl-pipeline train --resume",
    ):
        assert command in result.stdout
    report = json.loads((folder / "eval.json").read_text())
    assert report["mean_reward"] > RANDOM_RETURN + 1500
    frames, seconds = count_frames_and_secs(str(folder / "videos" / "best.mp4"))
    assert frames == 1000
    assert seconds == pytest.approx(50, abs=0.1)
    for name in (
        "model.zip",
        "vecnormalize.pkl",
        "config.yaml",
        "run.json",
        "progress.csv",
        "evaluations.csv",
        "progress.png",
        "stats.json",
    ):
        assert (folder / name).stat().st_size > 0
    launch, _, *what_follows = commands(DOCS / "index.md")
    assert launch == "bash launch_node.bash"
    for command in what_follows:
        result = run(command, tmp_path)
        assert result.returncode == 0, result.stderr
    assert (tmp_path / "halfcheetah.mp4").stat().st_size > 10_000
