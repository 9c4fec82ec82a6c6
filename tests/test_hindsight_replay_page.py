"""The commands and the experiment of docs/hindsight_replay.md."""

import contextlib
from pathlib import Path

import yaml

from rl_pipeline.config.off_policy import OffPolicy
from tests.documentation import DOCS, commands, rl_pipeline, write_files

PAGE = DOCS / "hindsight_replay.md"
SHORT = [
    "environment.n_environments=1",
    "training.algorithm_parameters.learning_starts=100",
    "training.algorithm_parameters.batch_size=8",
    "training.algorithm_parameters.buffer_size=200",
    "training.architecture.net_arch=[8]",
    "training.training.total_timesteps=102",
    "training.training.eval.num_evals=1",
    "training.training.eval.num_episodes=1",
    "training.tensorboard=false",
    "evaluation.num_episodes=1",
    "evaluation.video=false",
]


def test_the_commands_work_with_the_files_of_the_page(tmp_path: Path) -> None:
    write_files(PAGE, tmp_path)
    with contextlib.chdir(tmp_path):
        for line in commands(PAGE):
            rl_pipeline(line, *(SHORT if " train " in line else ()))
    translated = yaml.safe_load((tmp_path / "flat_pj_cube.yaml").read_text())
    assert translated["training"]["training"]["total_timesteps"] == 400_000_000


def test_the_table_has_every_option() -> None:
    for name in OffPolicy.model_fields:
        assert f"| `{name}: " in PAGE.read_text()
