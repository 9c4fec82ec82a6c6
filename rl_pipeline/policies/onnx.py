"""Policies in ONNX files, which act with onnxruntime and NumPy alone."""

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from rl_pipeline.policies.observations import Observation, as_dict, merge_rows
from rl_pipeline.policies.policy import Policy, PolicyFileError
from rl_pipeline.policies.spec import PolicySpec

ONNX = "policy.onnx"
ACTION = "action"
MEMORY, NEXT_MEMORY = "memory.", "next_memory."
DTYPES = {"tensor(bool)": np.bool_, "tensor(float)": np.float32, "tensor(double)": np.float64} | {
    f"tensor({kind.__name__})": kind for kind in (np.uint8, np.int8, np.int32, np.int64)
}

Memories = dict[str, np.ndarray]
"""Values of the inputs `memory.<name>` by that name, each of n rows."""


class OnnxPolicy(Policy[Memories]):
    """Runs a graph on the CPU.

    The first axis of every input and output counts the environments. The graph takes the parts of an observation by
    key, a plain one as `observation`, and gives `action`. What it remembers it gives as `next_memory.<name>` and
    takes as `memory.<name>`, zeros at the start of an episode.

    Args:
        file: The ONNX file.

    Attributes:
        metadata: The texts that the file holds, by key.
        sha256: The checksum of the file.
        input_types: Shape without the first axis, and dtype, of each part of an observation by key.

    Raises:
        PolicyFileError: It is missing, damaged, or has other inputs and outputs.
    """

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = (
            1  # waking threads takes longer than the network
        )
        try:
            content = file.read_bytes()
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise PolicyFileError(f"{file} cannot be loaded: {error}") from error
        self._inputs = {each.name: each for each in self._session.get_inputs()}
        self._outputs = [each.name for each in self._session.get_outputs()]
        names = {name.removeprefix(MEMORY) for name in self._inputs if name.startswith(MEMORY)}
        if set(self._outputs) != {ACTION, *(NEXT_MEMORY + name for name in names)}:
            expected = ", ".join([ACTION, *sorted(NEXT_MEMORY + name for name in names)])
            raise PolicyFileError(f"{file} gives {', '.join(self._outputs)}; a policy gives {expected}")
        self.has_memory = bool(names)
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.input_types = {
            name: (tuple(each.shape[1:]), np.dtype(DTYPES[each.type]).name)
            for name, each in self._inputs.items()
            if not name.startswith(MEMORY)
        }

    def act(
        self,
        observations: Observation,
        memory: Memories | None,
        episode_starts: NDArray[np.bool_],
        *,
        deterministic: bool = True,
        action_masks: NDArray[np.bool_] | None = None,
    ) -> tuple[np.ndarray, Memories | None]:
        """See `Policy.act`.

        Raises:
            ValueError: Samples or masked actions are asked for, which a graph does not give.
        """
        if not deterministic or action_masks is not None:
            raise ValueError("an ONNX policy takes the most likely action, without masks: deterministic=True")
        feeds = {name: self._as_input(name, part) for name, part in as_dict(observations).items()}
        kept = memory or {}
        for name in self._inputs:
            if name.startswith(MEMORY):
                feeds[name] = self._memory(name, kept.get(name.removeprefix(MEMORY)), episode_starts)
        results = dict(zip(self._outputs, self._session.run(self._outputs, feeds), strict=True))
        actions = results.pop(ACTION)
        following = {name.removeprefix(NEXT_MEMORY): value for name, value in results.items()}
        return actions, following or None

    def _as_input(self, name: str, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array, DTYPES[self._inputs[name].type])

    def _memory(self, name: str, rows: np.ndarray | None, starts: NDArray[np.bool_]) -> np.ndarray:
        shape = (len(starts), *self._inputs[name].shape[1:])
        empty = np.zeros(shape, DTYPES[self._inputs[name].type])
        return empty if rows is None else merge_rows(starts, empty, rows)


def load_onnx_policy(folder: Path, spec: PolicySpec) -> OnnxPolicy:
    """Load the graph in a folder; the loader of the kind `onnx`."""
    return OnnxPolicy(folder / ONNX)
