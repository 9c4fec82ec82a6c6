"""Settings of dextgen as a configuration."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from rl_pipeline.config.dextgen import translate_dextgen
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config_mapping

DEFAULT = """
Default:
  epochs: 5000
  cycles: 50
  rollouts: 2
  batches: 40
  evals: 10
  batch_size: 256
  buffer_size: 1000000
  gamma: 0.98
  actor_lr: 0.001
  critic_lr: 0.001
  tau: 0.05
  eps: 0.3
  noise_process: "Uniform"
  noise_process_params: [0., 0.2]
  k: 4
  action_clip: 1.
  state_clip: 200.
  goal_clip: 200.
  grad_clip: 5.
  action_norm: 1.
  actor_net_type: "PosePolicyNet"
  actor_net_nlayers: 4
  actor_net_layer_width: 256
  critic_net_nlayers: 4
  critic_net_layer_width: 256
  early_stop: 0.95
  save: True
  load_pretrained: False
  seed: False
FlatSHCube-v0:
  load_pretrained: True
  state_norm_idx: [0, 1, 2]
  seed: 0
  kwargs:
    n_eigengrasps: 7
FetchPickAndPlace-v1:
  actor_net_type: "DDP"
  noise_process: "Gaussian"
  critic_lr: 0.002
  fancy: 1
"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "experiment_config.yaml"
    path.write_text(DEFAULT)
    return path


def loaded(mapping: dict[str, Any]) -> Any:
    """Load a translation without its early stop."""
    loop = mapping["training"]["training"]
    assert loop.pop("early_stopping") == {"metric_thresholds": {"success_rate": 0.95}}
    return load_config_mapping(mapping).config.model_dump()


def test_a_block_overlays_the_default(settings: Path) -> None:
    translated = translate_dextgen(settings, "FlatSHCube-v0", ranks=16)
    config = loaded(translated.mapping)
    environment, training = config["environment"], config["training"]
    assert config["experiment"]["seed"] == 0
    assert (environment["id"], environment["backend"]) == ("FlatSHCube-v0", "mujoco")
    assert environment["kwargs"] == {"n_eigengrasps": 7}
    assert environment["normalize"]["clip_observation"] == 200
    assert training["pretrained_model"] == "saves/pretrain"
    assert training["architecture"]["net_arch"] == {"pi": [256] * 3, "qf": [256] * 3}
    assert training["architecture"]["rotation_head"] == 3
    assert training["off_policy"]["action_penalty"] == 1
    assert any(note.startswith("state_norm_idx: has no counterpart") for note in translated.notes)
    assert not any(note.startswith("seed") for note in translated.notes)


@pytest.mark.parametrize("ranks", [1, 16])
def test_epochs_cycles_rollouts_batches_and_evals_become_timesteps(settings: Path, ranks: int) -> None:
    training = loaded(translate_dextgen(settings, "FlatPJCube-v0", ranks).mapping)["training"]
    parameters = training["algorithm_parameters"]
    assert training["training"]["total_timesteps"] == 5000 * 50 * 2 * 50 * ranks
    assert training["training"]["eval"]["frequency"] == 50 * 2 * 50 * ranks
    assert training["training"]["eval"]["num_episodes"] == 10 * ranks
    assert (parameters["train_freq"], parameters["gradient_steps"]) == (2 * 50, 40)
    assert (1 - parameters["tau"]) ** 40 == pytest.approx(0.95)
    assert training["hindsight_replay"]["n_sampled_goal"] == 4
    assert training["off_policy"]["random_actions"] == 0.3


def test_what_has_no_counterpart_is_named(settings: Path) -> None:
    translated = translate_dextgen(settings, "FetchPickAndPlace-v1", ranks=1)
    assert translated.mapping["environment"]["id"] == "FetchPickAndPlace-v4"
    assert "rotation_head" not in translated.mapping["training"]["architecture"]
    assert "action_penalty" not in translated.mapping["training"]["off_policy"]
    named = {note.partition(":")[0] for note in translated.notes}
    assert named == {
        "action_norm",
        "critic_lr",
        "fancy",
        "grad_clip",
        "noise_process",
        "noise_process_params",
        "seed",
        "tau",
    }


def test_an_environment_without_a_block_has_the_default(settings: Path) -> None:
    notes = translate_dextgen(settings, "FlatSHCubes-v0", ranks=1).notes
    assert (
        notes[0]
        == "FlatSHCubes-v0 has no block of its own; the nearest is FlatSHCube-v0; the settings of Default are used"
    )


def test_wrong_values_and_other_files_are_refused(settings: Path) -> None:
    mapping = yaml.safe_load(DEFAULT)
    mapping["Default"] |= {"gamma": 1.0, "actor_net_type": "PosePolicy"}
    settings.write_text(yaml.safe_dump(mapping))
    with pytest.raises(ConfigError) as raised:
        translate_dextgen(settings, "FlatPJCube-v0", ranks=1)
    assert {problem.key for problem in raised.value.problems} == {"gamma", "actor_net_type"}
    settings.write_text("environment: {id: CartPole-v1}")
    with pytest.raises(ConfigError, match="Default: is missing"):
        translate_dextgen(settings, "FlatPJCube-v0", ranks=1)
