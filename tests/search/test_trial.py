from pathlib import Path

import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.search.settings import search_space, with_lists
from rl_pipeline.search.trial import Trial, make_trial, trial_config

from .sweeps import EXPERIMENT, GAMMA, LEARNING_RATE


def config(*overrides: str, **section: object) -> Config:
    return load_config_mapping({**EXPERIMENT, "sweep": {"name": "quick", **section}}, overrides).config


def test_the_experiment_of_a_trial_has_its_values_budget_and_names() -> None:
    sweep = config(budget={"timesteps": 99, "minutes": 0.5})
    trial = trial_config(sweep, {GAMMA: 1e-05, "training.architecture.net_arch": [8, 4]}, 7)
    assert trial.training.algorithm_parameters["gamma"] == 1e-05
    assert trial.training.architecture.net_arch == [8, 4]
    assert trial.training.training.total_timesteps == 99
    assert trial.training.training.max_minutes == 0.5
    assert trial.experiment.name == "quick_7"
    assert trial.training.wandb.group == "quick"
    assert trial.sweep is None
    assert trial_config(config("training.wandb.group=mine"), {}, 0).training.wandb.group == "mine"


def test_a_searched_frequency_takes_the_place_of_a_number() -> None:
    trial = trial_config(config(), {"training.training.eval.frequency": 20}, 0)
    assert trial.training.training.eval.frequency == 20


def test_a_trial_is_made_again_from_what_the_storage_remembers() -> None:
    new = make_trial(2, 5, {GAMMA: 0.9}, {}, "quick", [3, 4])
    assert [run.folder for run in new.runs] == [f"trial_2_gamma=0.9/quick_2_seed_{seed}" for seed in (3, 4)]
    new.runs[0].status, new.runs[0].job, new.runs[0].values = "finished", None, [1.5]
    again = make_trial(2, 5, {GAMMA: 0.9}, {"name": new.name, "runs": new.plain_runs()}, "quick", [])
    assert again == new
    assert isinstance(again, Trial)


def test_the_command_of_a_run_resumes_it(tmp_path: Path) -> None:
    trial = make_trial(2, 5, {}, {}, "quick", [3])
    work = trial.work(tmp_path, trial.runs[0], "quick")
    assert work.command[3:] == (
        "train",
        "--config",
        f"{tmp_path}/trial_2/trial.yaml",
        "--resume",
        "auto",
        "--folder",
        f"{tmp_path}/trial_2/quick_2_seed_3",
        "experiment.seed=3",
    )
    assert (work.name, work.log) == ("quick_2_seed_3", tmp_path / "trial_2/seed_3.log")


def test_choices_alone_make_a_grid() -> None:
    grid = search_space(config(space={GAMMA: [0.9, 0.99], LEARNING_RATE: [0.1]}))
    assert (grid.sampler, grid.n_trials, grid.seeds) == ("grid", 2, [0])
    random = search_space(config(space={GAMMA: [0.9, 0.99]}, trials=7, seeds=2))
    assert (random.sampler, random.n_trials, random.seeds) == ("tpe", 7, [0, 1])
    part = search_space(config(space={GAMMA: [0.9, 0.99]}, trials=1, sampler="grid", seeds=[5]))
    assert (part.sampler, part.n_trials, part.seeds) == ("grid", 1, [5])
    with pytest.raises(ConfigError, match="nothing to search"):
        search_space(config())


def test_lists_of_the_command_line_join_the_section() -> None:
    sweep = with_lists(config(space={GAMMA: [0.9, 0.99]}), {LEARNING_RATE: [1, 2], "experiment.seed": [4, 5]})
    search = search_space(sweep)
    assert (search.n_trials, search.seeds) == (4, [4, 5])
    with pytest.raises(ConfigError, match=r"sweep\.seeds"):
        with_lists(config(), {"experiment.seed": ["one"]})
