"""Description of a model before it is trained: the widths of its networks, and its device."""

import itertools

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn


def networks(policy: nn.Module) -> str:
    """Return the widths of a policy's networks, and the number of its parameters without the target networks."""
    parts = {name: part for name, part in policy.named_children() if not name.endswith("_target")}
    targets = {
        id(each) for name, part in policy.named_children() if name not in parts for each in part.parameters()
    }
    n_parameters = sum(each.numel() for each in policy.parameters() if id(each) not in targets)
    widths = [f"{name} {text}" for name, part in parts.items() if (text := _widths(part))]
    return f"{', '.join(widths) or type(policy).__name__}; {n_parameters:,} parameters"


def _widths(network: nn.Module) -> str:
    """Return the widths of a network's layers, such as `2 x 17-64-64` for two equal networks."""
    chains: list[list[int]] = []
    previous: str | None = None
    for name, layer in network.named_modules():
        ends = _ends(layer)
        if ends is None:
            continue
        parent = name.rpartition(".")[0]
        if chains and parent == previous and chains[-1][-1] == ends[0]:
            chains[-1].append(ends[1])
        else:
            chains.append(list(ends))
        previous = parent
    alike = [(len(list(group)), chain) for chain, group in itertools.groupby(chains)]
    return ", ".join((f"{n} x " if n > 1 else "") + "-".join(map(str, chain)) for n, chain in alike)


def _ends(layer: nn.Module) -> tuple[int, int] | None:
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return layer.in_channels, layer.out_channels
    if isinstance(layer, nn.RNNBase):
        return layer.input_size, layer.hidden_size
    return None


def device(model: BaseAlgorithm) -> str:
    """Return the name of a model's device."""
    if model.device.type == "cuda":
        return f"{model.device} ({torch.cuda.get_device_name(model.device)})"
    n_threads = torch.get_num_threads()
    return f"{model.device}, {n_threads:,} thread{'' if n_threads == 1 else 's'}"
