"""The page about policies outside their run, in a process that cannot import `rl_pipeline`."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rl_pipeline.run.folder import RunFolder, find_runs
from tests.documentation import DOCS, ROOT, blocks, commands, rl_pipeline
from tests.without_us import run_without_us

PAGE = DOCS / "use_policy_elsewhere.md"
SHORT = (
    "training.training.total_timesteps=4096",
    "training.training.eval={num_evals: 1, num_episodes: 1}",
    "evaluation.video=false",
)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_gives_the_return_of_eval_json(reader: Path) -> None:
    rl_pipeline(f"rl-pipeline train --config {ROOT / 'configs' / 'halfcheetah_ppo.yaml'}", *SHORT)
    save, export = commands(PAGE)
    rl_pipeline(save)
    rl_pipeline(export)
    elsewhere, exported, alone = blocks(PAGE, "python")
    [run] = find_runs(Path("experiments"))
    expected = json.loads((run.path / "eval.json").read_text())
    assert expected["checkpoint"] == "best"
    words = run_without_us(elsewhere, reader).split()
    assert float(words[2]) == pytest.approx(expected["mean_reward"], rel=1e-6, abs=1e-5)
    check_the_arrays(run)
    check_the_exported(exported)
    words = subprocess.run(
        [sys.executable, "-c", alone, run.path], capture_output=True, text=True, check=True, timeout=300
    ).stdout.split()
    assert float(words[1]) == pytest.approx(expected["returns"][0], rel=1e-3)


def check_the_exported(program: str) -> None:
    command = [sys.executable, "-c", program, "halfcheetah.onnx"]
    words = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.split()
    assert words[:3] == ["observes", "rootz.position", "m"]
    assert words.count("observes") == 17
    assert words.count("commands") == 6


def check_the_arrays(run: RunFolder) -> None:
    with np.load(run.checkpoints / "best" / "normalizer.npz", allow_pickle=False) as arrays:
        shapes = {name: array.shape for name, array in arrays.items()}
    numbers = {"mean": (17,), "var": (17,), "count": ()}
    observation = {f"observation.{name}": shape for name, shape in numbers.items()}
    assert shapes == observation | {f"reward.{name}": () for name in numbers}
