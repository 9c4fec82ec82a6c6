"""The main job: one command gives a trained robot, its curves and a film of it."""

import json
import subprocess
from pathlib import Path

import pytest
from imageio_ffmpeg import count_frames_and_secs

ROOT = Path(__file__).parents[1]
RANDOM_RETURN = -280
"""Mean return of random actions in HalfCheetah-v5."""


@pytest.mark.timeout(900)
def test_one_command_trains_evaluates_and_films_a_robot(tmp_path: Path) -> None:
    result = subprocess.run(
        ["bash", str(ROOT / "launch_node.bash"), f"experiment.folder={tmp_path}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    [run] = tmp_path.glob("HalfCheetah-v5/ppo/*")
    assert str(run) in result.stdout
    for command in (
        "rl-pipeline play",
        "rl-pipeline record",
        "rl-pipeline eval",
        "rl-pipeline train --resume",
    ):
        assert command in result.stdout
    report = json.loads((run / "eval.json").read_text())
    assert report["mean_reward"] > RANDOM_RETURN + 1500
    frames, seconds = count_frames_and_secs(str(run / "videos" / "best.mp4"))
    assert frames == 1000
    assert seconds == pytest.approx(50, abs=0.1)
    for name in (
        "model.zip",
        "config.yaml",
        "run.json",
        "progress.csv",
        "evaluations.csv",
        "progress.png",
        "stats.json",
    ):
        assert (run / name).stat().st_size > 0
