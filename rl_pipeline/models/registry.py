"""Names of feature extractors, activations and optimizers in YAML files."""

import inspect
from collections.abc import Mapping

import torch
from stable_baselines3.common import torch_layers
from torch import nn

from rl_pipeline.class_path import find_class
from rl_pipeline.config.errors import Problem, nearest
from rl_pipeline.models.feature_extractors.goal_extractor import GoalExtractor
from rl_pipeline.models.feature_extractors.resnet_mlp import ResnetMLP

ARCHITECTURE = "training.architecture"

FEATURE_EXTRACTORS: dict[str, type[torch_layers.BaseFeaturesExtractor]] = {
    "ResnetMLP": ResnetMLP,
    "GoalExtractor": GoalExtractor,
    "FlattenExtractor": torch_layers.FlattenExtractor,
    "NatureCNN": torch_layers.NatureCNN,
    "CombinedExtractor": torch_layers.CombinedExtractor,
}

ACTIVATIONS: dict[str, type[nn.Module]] = {
    name: getattr(nn, name)
    for name in (
        "CELU",
        "ELU",
        "GELU",
        "Hardtanh",
        "LeakyReLU",
        "Mish",
        "ReLU",
        "SELU",
        "SiLU",
        "Sigmoid",
        "Softplus",
        "Tanh",
    )
}

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    name: getattr(torch.optim, name)
    for name in ("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "SGD")
}


def find_feature_extractor(name: str) -> type | Problem:
    """Find the class that `features_extractor_class` names; see `find_class`."""
    return find_class(
        name,
        FEATURE_EXTRACTORS,
        torch_layers.BaseFeaturesExtractor,
        f"{ARCHITECTURE}.features_extractor_class",
    )


def find_activation(name: str) -> type | Problem:
    """Find the class that `activation_fn` names; see `find_class`."""
    return find_class(name, ACTIVATIONS, nn.Module, f"{ARCHITECTURE}.activation_fn")


def find_optimizer(name: str) -> type | Problem:
    """Find the class that `policy_kwargs.optimizer_class` names; see `find_class`."""
    return find_class(
        name, OPTIMIZERS, torch.optim.Optimizer, f"{ARCHITECTURE}.policy_kwargs.optimizer_class"
    )


def check_extractor_arguments(extractor: type, arguments: Mapping[str, object]) -> list[Problem]:
    """Check `features_extractor_kwargs` against the constructor of the extractor."""
    parameters = inspect.signature(extractor).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return []
    valid = [name for name in parameters if name != "observation_space"]
    return [
        Problem(
            key=f"{ARCHITECTURE}.features_extractor_kwargs.{name}",
            message=f"{extractor.__name__} has no argument of this name",
            value=arguments[name],
            valid=valid,
            nearest=nearest(name, valid),
        )
        for name in arguments
        if name not in valid
    ]
