"""Policies in ONNX files, which act with only onnxruntime and NumPy."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from rl_pipeline.policies.observations import Observation, as_dict, merge_rows
from rl_pipeline.policies.policy import Policy, PolicyFileError
from rl_pipeline.policies.spec import PolicySpec

ONNX = "policy.onnx"
ACTION, ACTION_MASKS = "action", "action_masks"
MEMORY, NEXT_MEMORY = "memory.", "next_memory."
DTYPES = {"tensor(bool)": np.bool_, "tensor(float)": np.float32, "tensor(double)": np.float64} | {
    f"tensor({kind.__name__})": kind for kind in (np.uint8, np.int8, np.int32, np.int64)
}

Memories = dict[str, np.ndarray]
"""Values of the inputs `memory.<name>` by the name of the input, each of n rows."""


class OnnxPolicy(Policy[Memories]):
    """Runs a graph on the CPU.

    The first axis of every input and output is the environments. The inputs are the parts of an observation by key,
    a plain one as `observation`, and the output is `action`. A memory is the output `next_memory.<name>` and the
    input `memory.<name>`, which is zero at the start of an episode. A policy that needs masks of the allowed actions
    has the input `action_masks`.

    Args:
        file: The ONNX file.

    Attributes:
        metadata: The texts in the file, by key.
        sha256: The checksum of the file.
        input_types: Shape without the first axis, and dtype, of each part of an observation by key.
        n_masked: Number of choices in action masks; 0 for a policy without masks.

    Raises:
        PolicyFileError: The file is missing, damaged, or has other inputs and outputs.
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
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._read_inputs()
        self._outputs = [ACTION, *(NEXT_MEMORY + name.removeprefix(MEMORY) for name in self._memory_types)]
        given = [each.name for each in self._session.get_outputs()]
        if set(given) != set(self._outputs):
            raise PolicyFileError(
                f"{file} has the outputs {', '.join(given)}; a policy has {', '.join(sorted(self._outputs))}"
            )
        self._zeros: Memories = {}
        self.has_memory = bool(self._memory_types)
        self.needs_action_masks = self.n_masked > 0

    def _read_inputs(self) -> None:
        types = {
            each.name: (tuple(each.shape[1:]), np.dtype(DTYPES[each.type]))
            for each in self._session.get_inputs()
        }
        masks, _ = types.pop(ACTION_MASKS, ((0,), None))
        self.n_masked = int(masks[0])
        self._memory_types = {name: types.pop(name) for name in list(types) if name.startswith(MEMORY)}
        self._dtypes = {name: dtype for name, (_, dtype) in types.items()}
        self.input_types = {name: (shape, dtype.name) for name, (shape, dtype) in types.items()}

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
            ValueError: Samples are requested, or masks are missing or not supported.
        """
        if not deterministic:
            raise ValueError("an ONNX policy always takes the most likely action; set deterministic=True")
        if (action_masks is None) == self.needs_action_masks:
            raise ValueError(f"this policy {'needs' if self.needs_action_masks else 'takes no'} action_masks")
        feeds: dict[str, NDArray[Any]] = {
            name: np.ascontiguousarray(part, self._dtypes[name])
            for name, part in as_dict(observations).items()
            if name in self._dtypes  # a graph has only inputs that the network reads
        }
        if action_masks is not None:
            feeds[ACTION_MASKS] = np.ascontiguousarray(action_masks, np.bool_).reshape(-1, self.n_masked)
        if self.has_memory:
            feeds |= self._remembered(memory, episode_starts)
        actions, *following = self._session.run(self._outputs, feeds)
        return actions, dict(zip(self._memory_types, following, strict=True)) or None

    def _remembered(self, memory: Memories | None, starts: NDArray[np.bool_]) -> Memories:
        if memory is not None and not starts.any():
            return memory
        n = len(starts)
        if not self._zeros or len(next(iter(self._zeros.values()))) != n:
            self._zeros = {
                name: np.zeros((n, *shape), dtype) for name, (shape, dtype) in self._memory_types.items()
            }
        if memory is None:
            return self._zeros
        return {name: merge_rows(starts, self._zeros[name], rows) for name, rows in memory.items()}


def load_onnx_policy(folder: Path, spec: PolicySpec) -> OnnxPolicy:
    """Load the graph in a folder; the loader of the kind `onnx`."""
    return OnnxPolicy(folder / ONNX)
