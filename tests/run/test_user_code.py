from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.kept_code import keep_user_code
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.plan import plan_auto, plan_resume
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.trained_policy import open_policy
from rl_pipeline.run.user_code import find_user_code, name_user_code

from .conftest import SAMPLE_ENVS, MakeConfig, are_equal, parameters

NETWORK = """
import gymnasium
import torch
from rl_pipeline.models.feature_extractors.base_extractor import BaseFeaturesExtractor


class TwoLayers(BaseFeaturesExtractor):
    def __init__(self, observation_space: gymnasium.Space, features_dim: int = 6) -> None:
        super().__init__(observation_space, features_dim)
        size = observation_space.shape[0]
        self.layers = torch.nn.Sequential(torch.nn.Linear(size, features_dim), torch.nn.Tanh())

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        return self.layers(observations)
"""

ACTIVATION = "import torch\n\nclass Activation(torch.nn.Tanh):\n    pass\n"


@pytest.fixture
def run(tmp_path: Path, train: Callable[..., RunFolder]) -> RunFolder:
    """A run with an environment and a network from files that are gone by now."""
    network, environment = tmp_path / "my_network.py", tmp_path / "my_envs.py"
    network.write_text(NETWORK)
    environment.write_text(SAMPLE_ENVS.read_text())
    run = train(
        "a2c",
        f"training.architecture.features_extractor_class={network}:TwoLayers",
        "training.architecture.features_extractor_kwargs={features_dim: 5}",
        environment_id=f"{environment}:SampleEnv",
    )
    network.unlink()
    environment.unlink()
    return run


def test_a_run_needs_nothing_but_its_folder(run: RunFolder, tmp_path: Path) -> None:
    moved = RunFolder(run.path.rename(tmp_path / "elsewhere"))
    report = evaluate_checkpoint(moved, choose_checkpoint(moved, "final"), n_episodes=2)
    assert report["lengths"] == [10, 10]


def test_a_run_goes_on_without_the_files_that_it_started_from(run: RunFolder) -> None:
    _, result, _ = run_plan(plan_resume(str(run.path), ["training.training.total_timesteps=120"]))
    assert result.timestep == 120


def test_the_network_is_the_one_of_the_file(run: RunFolder) -> None:
    with open_policy(run, choose_checkpoint(run, "final")) as policy:
        extractor = policy.policy.model.policy.features_extractor
        assert type(extractor).__name__ == "TwoLayers"
        assert extractor(torch.zeros(1, 3)).shape == (1, 5)


def test_a_run_with_a_file_goes_on_to_the_bit(train: Callable[..., RunFolder]) -> None:
    more = "training.training.total_timesteps=160"
    whole = train("a2c", more)
    part = train("a2c", "training.training.total_timesteps=80")
    run_plan(plan_resume(str(part.path), [more]))
    assert are_equal(parameters(whole), parameters(part))


def test_files_of_the_same_name_are_both_kept(make_config: MakeConfig, tmp_path: Path) -> None:
    for folder, source in {"a": SAMPLE_ENVS.read_text(), "b": NETWORK, "c": ACTIVATION}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "my.py").write_text(source)
    run = RunFolder(tmp_path / "run")
    config = make_config(
        f"{tmp_path}/a/my.py:SampleEnv",
        "a2c",
        f"training.architecture.features_extractor_class={tmp_path}/b/my.py:TwoLayers",
        f"training.architecture.activation_fn={tmp_path}/c/my.py:Activation",
    )
    kept = keep_user_code(config, run)
    named = name_user_code(kept, run)
    assert named.environment.id == "code/a/my.py:SampleEnv"
    assert named.training.architecture.features_extractor_class == "code/b/my.py:TwoLayers"
    assert named.training.architecture.activation_fn == "code/c/my.py:Activation"
    assert kept.environment.id == f"{run.path}/code/a/my.py:SampleEnv"
    assert find_user_code(named, run) == kept
    assert keep_user_code(kept, run) == kept


def test_a_path_that_leads_out_of_the_code_of_a_run_is_refused(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path / "run")
    (run.path / "code").mkdir(parents=True)
    (tmp_path / "other.py").write_text("")
    with pytest.raises(ConfigError, match="leads out of the run's folder"):
        find_user_code(make_config("code/../../other.py:Env"), run)


def test_a_run_with_a_file_is_found_to_have_the_configuration_it_was_started_with(
    train: Callable[..., RunFolder], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = train()
    copy = (run.path / "config.yaml").read_text().replace("code/sample_envs.py", str(SAMPLE_ENVS))
    (tmp_path / "experiment.yaml").write_text(copy)
    longer = ["training.training.total_timesteps=120"]
    assert plan_auto(tmp_path / "experiment.yaml", longer).folder == run
    assert "differs" not in caplog.text
    plan_auto(tmp_path / "experiment.yaml", [*longer, "experiment.tags=[again]"])
    assert "differs" not in caplog.text
    (tmp_path / "experiment.yaml").write_text(copy.replace("tags: []", "tags: [other]"))
    plan_auto(tmp_path / "experiment.yaml", longer)
    assert "differs from the configuration of" in caplog.text
