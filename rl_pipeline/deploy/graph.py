"""A policy with its transforms as one graph, which acts on raw observations; its memory is inputs and outputs."""

import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from rl_pipeline.deploy.stages import make_stage
from rl_pipeline.learners.acting_network import ActingNetwork, CannotExportError, Tensors
from rl_pipeline.policies.observations import Observation, as_dict
from rl_pipeline.policies.onnx import ACTION, ACTION_MASKS, MEMORY, NEXT_MEMORY
from rl_pipeline.policies.spec import PolicySpec, Signal

OPSET = 17
STARTED = "started"
"""Name of the memory with the rows that are not the first of their episode; bool (n,)."""
NETWORK, STAGE = "network.", "transform_{}."
"""Prefixes of the names of memories."""
N_ROWS = 2
"""Rows of the trace; with one row, torch treats the first axis as a constant."""


class PolicyGraph(nn.Module):
    """Normalisation, stacking, history, the network, and limits of actions, in one module.

    Args:
        network: Network that acts on transformed observations.
        spec: The policy's observations and actions, and the transforms of its training.

    Attributes:
        memories: Names of its memories, without prefix.
        inputs: Example values by name, in the order of the arguments of `forward`.
        outputs: Names, in the order of the results of `forward`.

    Raises:
        CannotExportError: A transform has no counterpart in a graph.
    """

    def __init__(self, network: ActingNetwork, spec: PolicySpec) -> None:
        super().__init__()
        self.network = network
        plain = isinstance(spec.observation, Signal)
        self.stages = [make_stage(transform, plain=plain) for transform in spec.transforms]
        observation = _example(spec)
        self.keys = list(as_dict(observation))
        self.action_dtype = torch.as_tensor(np.empty(0, spec.action.dtype)).dtype
        memories = self._memories(spec, observation)
        if memories:
            memories[STARTED] = np.zeros(N_ROWS, bool)
        self.memories = list(memories)
        self.inputs = {key: torch.as_tensor(part) for key, part in as_dict(observation).items()}
        if network.n_masked:
            self.inputs[ACTION_MASKS] = torch.ones((N_ROWS, network.n_masked), dtype=torch.bool)
        self.inputs |= {MEMORY + name: torch.as_tensor(rows) for name, rows in memories.items()}
        self.outputs = [ACTION, *(NEXT_MEMORY + name for name in memories)]

    def _memories(self, spec: PolicySpec, observation: Observation) -> dict[str, np.ndarray]:
        """Return zeros for all memories of transforms and network."""
        _, states = spec.chain.observe(observation, [], np.ones(N_ROWS, bool))
        memories = {
            STAGE.format(index) + name: np.zeros_like(rows)
            for index, state in enumerate(states)
            for name, rows in state.items()
        }
        for name, shape in self.network.memories.items():
            memories[NETWORK + name] = np.zeros((N_ROWS, *shape), np.float32)
        return memories

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the values of `outputs` from those of `inputs`."""
        values = dict(zip(self.inputs, inputs, strict=True))
        parts = {key: values[key] for key in self.keys}
        memory = {name: values[MEMORY + name] for name in self.memories}
        following: Tensors = {}
        if memory:
            following[STARTED] = torch.ones_like(memory[STARTED])
        own: list[Tensors] = []
        for index, stage in enumerate(self.stages):
            parts, kept = stage.observe(parts, _select(memory, STAGE.format(index)), memory.get(STARTED))
            own.append(kept)
        actions, kept = self.network(parts, _select(memory, NETWORK), values.get(ACTION_MASKS))
        following |= _prefixed(kept, NETWORK)
        actions = actions.to(self.action_dtype)
        for index, (stage, kept) in enumerate(zip(self.stages, own, strict=True)):
            following |= _prefixed(stage.record(actions, kept), STAGE.format(index))
        return actions, *(following[name] for name in self.memories)


def write_graph(network: ActingNetwork, spec: PolicySpec, file: Path) -> None:
    """Trace a policy and write an ONNX file.

    Args:
        network: Network that acts on transformed observations, in evaluation mode, on the CPU.
        spec: The policy's observations and actions, and the transforms of its training.
        file: The file to write.

    Raises:
        CannotExportError: Torch cannot trace it, or ONNX has no operator for an operation.
    """
    graph = PolicyGraph(network, spec).eval()
    names = [*graph.inputs, *graph.outputs]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # about tracing; the parity report shows whether the trace is correct
        try:
            torch.onnx.export(
                graph,
                tuple(graph.inputs.values()),
                str(file),
                input_names=list(graph.inputs),
                output_names=graph.outputs,
                dynamic_axes={name: {0: "n"} for name in names},
                opset_version=OPSET,
                dynamo=False,
            )
        except Exception as error:
            # torch passes on all errors of the tracer, of a user's network and of its own exporter
            raise CannotExportError(f"torch cannot export its network: {_first_line(error)}") from error


def _example(spec: PolicySpec) -> Observation:
    """Return observations within their limits."""
    if isinstance(spec.observation, Signal):
        return _example_of(spec.observation)
    return {key: _example_of(signal) for key, signal in spec.observation.items()}


def _example_of(signal: Signal) -> np.ndarray:
    low, high = (np.nan_to_num(limit, posinf=1.0, neginf=-1.0) for limit in (signal.low, signal.high))
    return np.stack([np.clip(0, low, high).astype(signal.dtype)] * N_ROWS)


def _select(values: Tensors, prefix: str) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def _prefixed(values: Tensors, prefix: str) -> Tensors:
    return {prefix + name: value for name, value in values.items()}


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
