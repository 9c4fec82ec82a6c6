"""The commands, the experiment and the task of docs/goals.md."""

import contextlib
import inspect
import json
import shutil
from pathlib import Path

import pytest

from rl_pipeline.envs.mujoco.fetch.task import FetchTask
from rl_pipeline.envs.mujoco.registry import TASKS
from tests.documentation import DOCS, ROOT, commands, rl_pipeline, write_files

PAGE = DOCS / "goals.md"
SHORT = [
    "training.training.total_timesteps=480",
    "training.algorithm_parameters.learning_starts=420",
    "training.training.eval.num_evals=1",
    "training.training.eval.num_episodes=2",
    "training.tensorboard=false",
    "evaluation.num_episodes=2",
]


@pytest.mark.timeout(900)  # several commands in one test
def test_the_commands_work_with_the_files_of_the_page(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    write_files(PAGE, tmp_path)
    with contextlib.chdir(tmp_path):
        for line in commands(PAGE):
            rl_pipeline(line, *(SHORT if " train " in line else ()))
    for name in ("fetch_reach_her", "finger"):
        [run] = tmp_path.glob(f"experiments/*/sac/{name}_*")
        assert "success_rate" in json.loads((run / "eval.json").read_text())
        assert "eval/success_rate" in (run / "evaluations.csv").read_text()
        [film] = run.glob("videos/*.mp4")
        assert film.stat().st_size > 1000


def test_every_id_and_argument_of_the_fetch_tasks_is_listed() -> None:
    text = PAGE.read_text()
    for name in (name for name in TASKS if name.startswith("Fetch")):
        assert f"`{name}`" in text
    for name in inspect.signature(FetchTask).parameters:
        assert f"`{name}`" in text
