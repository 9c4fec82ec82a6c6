"""Initialisation of DDPG with the networks of dextgen, two multilayer perceptrons over state and goal."""

import pickle
from pathlib import Path

import torch
from stable_baselines3 import TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from rl_pipeline.learners.sb3.model_file import UNREADABLE
from rl_pipeline.policies.dextgen_files import ACTOR, CRITIC
from rl_pipeline.policies.policy import PolicyFileError

PREFIX = "layers."


def load_dextgen_networks(folder: Path, model: BaseAlgorithm) -> None:
    """Load actor and critic, and the targets as copies of them; nothing in the files is executed.

    Args:
        folder: Folder with `actor.pt` and `critic.pt`.
        model: A DDPG or TD3 with the features extractor `GoalExtractor`; all its critics start with equal weights.

    Raises:
        PolicyFileError: The model is of another kind, a file is damaged, or its layers have other shapes.
    """
    if not isinstance(model, TD3):
        raise PolicyFileError(
            f"{folder} contains networks of DDPG, not of {type(model).__name__}; set training.algorithm: ddpg"
        )
    networks = [(ACTOR, model.actor.mu), *((CRITIC, critic) for critic in model.critic.q_networks)]
    for name, network in networks:
        assert isinstance(network, nn.Sequential)
        _load(folder / name, network)
    model.actor_target.load_state_dict(model.actor.state_dict())
    model.critic_target.load_state_dict(model.critic.state_dict())


def _load(path: Path, network: nn.Sequential) -> None:
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        own = {name.removeprefix(PREFIX): tensor for name, tensor in saved.items()}
        layers = [layer for layer in network if isinstance(layer, nn.Linear)]
        numbers = sorted({int(name.partition(".")[0]) for name in own})
        found = [tuple(own[f"{number}.weight"].shape) for number in numbers]
        wanted = [tuple(layer.weight.shape) for layer in layers]
    except pickle.UnpicklingError as error:
        raise PolicyFileError(f"{path} contains more than tensors, which could execute code") from error
    except UNREADABLE as error:
        raise PolicyFileError(f"{path} is not a network of dextgen: {error}") from error
    if found != wanted:
        raise PolicyFileError(
            f"{path} has layers of {_text(found)}, the model of {_text(wanted)}; `rl-pipeline dextgen` writes the "
            "configuration that fits: training.architecture with features_extractor_class: GoalExtractor, net_arch "
            "and rotation_head"
        )
    with torch.no_grad():
        for number, layer in zip(numbers, layers, strict=True):
            layer.weight.copy_(own[f"{number}.weight"])
            layer.bias.copy_(own[f"{number}.bias"])


def _text(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(f"{inputs}->{outputs}" for outputs, inputs in shapes)
