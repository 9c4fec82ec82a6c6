"""`policy.json`: the data that a policy needs beside its networks to act without its simulator."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rl_pipeline.atomic import atomic_write
from rl_pipeline.policies.normalizer_file import NORMALIZER, OBSERVATION, read_normalizer
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.policies.transforms import (
    AppendActions,
    Chain,
    Normalize,
    SelectNumbers,
    StackFrames,
    Transform,
)

SPEC = "policy.json"
FORMAT = 1

SignalKind = Literal["box", "discrete", "multi_discrete", "multi_binary"]
TRANSFORMS: dict[type[Transform], str] = {
    Normalize: "normalize",
    SelectNumbers: "select_numbers",
    StackFrames: "stack_frames",
    AppendActions: "append_actions",
}
"""Transforms in a spec, by their names."""
IN_NORMALIZER = ("mean", "var")
"""Attributes of `Normalize` that are stored in `normalizer.npz`."""


@dataclass(frozen=True, eq=False)
class Signal:
    """An input or output array of a policy: an observation, a part of one, or an action.

    Attributes:
        kind: Gymnasium's kind of space.
        shape: Shape of one observation or action.
        dtype: Name of a NumPy dtype.
        low: Smallest values, of this shape; the first choice of a discrete signal.
        high: Largest values, of this shape; the last choice of a discrete signal.
        names: Names of the numbers in row-major order; empty if they are unknown.
        units: Units of the numbers in row-major order; empty if they are unknown.
    """

    kind: SignalKind
    shape: tuple[int, ...]
    dtype: str
    low: NDArray[Any]
    high: NDArray[Any]
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that every number has a name and a unit, or none has."""
        size = int(np.prod(self.shape))
        for what, texts in (("names", self.names), ("units", self.units)):
            if texts and len(texts) != size:
                raise ValueError(f"{len(texts)} {what} were given for {size} numbers")

    def fits(self, other: "Signal") -> bool:
        """Whether arrays of the other signal have the same form; limits and names may differ."""
        return (self.kind, self.shape, self.dtype) == (other.kind, other.shape, other.dtype)

    def __str__(self) -> str:
        """Describe the form for a message."""
        return f"{self.kind} {self.shape} {self.dtype}"


Signals = Signal | dict[str, Signal]
"""One signal, or those of a Dict space by key."""


def signals_fit(signals: Signals, others: Signals) -> bool:
    """Whether arrays of the others have the same form; see `Signal.fits`."""
    if isinstance(signals, dict) and isinstance(others, dict):
        return signals.keys() == others.keys() and all(
            signal.fits(others[key]) for key, signal in signals.items()
        )
    return isinstance(signals, Signal) and isinstance(others, Signal) and signals.fits(others)


def describe_signals(signals: Signals) -> str:
    """Describe the form of signals for a message."""
    if isinstance(signals, Signal):
        return str(signals)
    return "{" + ", ".join(f"{key}: {signal}" for key, signal in signals.items()) + "}"


@dataclass(frozen=True, eq=False)
class PolicySpec:
    """Inputs and outputs of a policy, and the transforms between its observations and its networks.

    Attributes:
        kind: Kind of the policy, which selects the loader; see `rl_pipeline.policies.loading`.
        observation: Observations of the environment.
        inputs: Inputs of the networks, after the transforms.
        action: Actions of the policy.
        rate: Actions for each second of the environment's time; None if it has no clock.
        transforms: Transforms of the observations, the innermost first.
        unknown: Wrappers of the training that may change observations or actions in unknown ways.
    """

    kind: str
    observation: Signals
    inputs: Signals
    action: Signal
    rate: float | None = None
    transforms: tuple[Transform, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def chain(self) -> Chain:
        """The transforms, in the order of their application."""
        return Chain(self.transforms)


def write_spec(spec: PolicySpec, folder: Path) -> None:
    """Write a spec to a checkpoint's folder; means and variances are already in its `normalizer.npz`.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    with atomic_write(folder / SPEC, mode="w") as file:
        json.dump(spec_to_json(spec), file, indent=1, allow_nan=False)


def read_spec(folder: Path) -> PolicySpec:
    """Read the spec of the policy in a checkpoint's folder.

    Raises:
        PolicyFileError: The folder has no spec, like those of version 0.1.0, or it is damaged.
    """
    path = folder / SPEC
    try:
        return spec_from_json(json.loads(path.read_text()), folder)
    except FileNotFoundError as error:
        raise PolicyFileError(f"{folder} has no {SPEC}, which describes its policy") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PolicyFileError(f"{path} is damaged ({type(error).__name__}: {error})") from error


def spec_to_json(spec: PolicySpec) -> dict[str, Any]:
    """Return a spec as JSON without means and variances; numbers are exact, null means no limit."""
    return {
        "format": FORMAT,
        "kind": spec.kind,
        "observation": _signals_to_json(spec.observation),
        "inputs": _signals_to_json(spec.inputs),
        "action": _signal_to_json(spec.action),
        "rate": spec.rate,
        "transforms": [_transform_to_json(transform) for transform in spec.transforms],
        "unknown": list(spec.unknown),
    }


def spec_from_json(document: Mapping[str, Any], folder: Path) -> PolicySpec:
    """Return the spec of a document from `spec_to_json`.

    Args:
        document: The JSON.
        folder: Folder of `normalizer.npz`, with the means and variances of its transforms.

    Raises:
        PolicyFileError: The file does not exist, or it is damaged.
        ValueError, KeyError, TypeError or AttributeError: The document is of another kind.
    """
    if document["format"] != FORMAT:
        raise ValueError(f"it has format {document['format']!r}, but this version reads {FORMAT}")
    return PolicySpec(
        str(document["kind"]),
        _signals_from_json(document["observation"]),
        _signals_from_json(document["inputs"]),
        _signal_from_json(document["action"]),
        None if document["rate"] is None else float(document["rate"]),
        tuple(_transform_from_json(entry, folder) for entry in document["transforms"]),
        tuple(map(str, document["unknown"])),
    )


def _signals_to_json(signals: Signals) -> dict[str, Any]:
    if isinstance(signals, Signal):
        return _signal_to_json(signals)
    return {"parts": {key: _signal_to_json(signal) for key, signal in signals.items()}}


def _signals_from_json(entry: Mapping[str, Any]) -> Signals:
    if "parts" not in entry:
        return _signal_from_json(entry)
    return {key: _signal_from_json(signal) for key, signal in entry["parts"].items()}


def _signal_to_json(signal: Signal) -> dict[str, Any]:
    return {
        "kind": signal.kind,
        "shape": list(signal.shape),
        "dtype": signal.dtype,
        "low": _limit_to_json(signal.low),
        "high": _limit_to_json(signal.high),
        "names": list(signal.names),
        "units": list(signal.units),
    }


def _signal_from_json(entry: Mapping[str, Any]) -> Signal:
    if entry["kind"] not in get_args(SignalKind):
        raise ValueError(f"unknown kind {entry['kind']!r}; valid are {', '.join(get_args(SignalKind))}")
    shape = tuple(int(length) for length in entry["shape"])
    dtype = np.dtype(entry["dtype"])
    return Signal(
        entry["kind"],
        shape,
        dtype.name,
        _limit_from_json(entry["low"], -np.inf, shape, dtype),
        _limit_from_json(entry["high"], np.inf, shape, dtype),
        tuple(map(str, entry["names"])),
        tuple(map(str, entry["units"])),
    )


def _limit_to_json(limit: NDArray[Any]) -> object:
    """Return a number if all are equal, otherwise a list; null means no limit, since JSON has no infinity."""
    numbers = [None if np.isinf(number) else number for number in limit.ravel().tolist()]
    return numbers[0] if numbers and all(number == numbers[0] for number in numbers) else numbers


def _limit_from_json(
    entry: Any, unlimited: float, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    if not isinstance(entry, list):
        return np.broadcast_to(np.asarray(unlimited if entry is None else entry, dtype), shape)
    return np.array([unlimited if number is None else number for number in entry], dtype).reshape(shape)


def _transform_to_json(transform: Transform) -> dict[str, Any]:
    kept = {name: value for name, value in vars(transform).items() if name not in IN_NORMALIZER}
    return {"type": TRANSFORMS[type(transform)], **kept}


def _transform_from_json(entry: Mapping[str, Any], folder: Path) -> Transform:
    if entry["type"] == "normalize":
        return read_normalize(folder, float(entry["clip"]), float(entry["epsilon"]))
    if entry["type"] == "select_numbers":
        return SelectNumbers({key: tuple(map(int, indices)) for key, indices in entry["indices"].items()})
    if entry["type"] == "stack_frames":
        return StackFrames(int(entry["n_frames"]), dict(entry["axes"]))
    if entry["type"] == "append_actions":
        choices = tuple(entry["n_choices"]), tuple(entry["first_choice"])
        return AppendActions(int(entry["n_actions"]), int(entry["action_size"]), *choices)
    raise ValueError(f"unknown transform {entry['type']!r}; valid are {', '.join(TRANSFORMS.values())}")


def read_normalize(folder: Path, clip: float, epsilon: float) -> Normalize:
    """Read the normalisation of observations by the statistics in a checkpoint's folder.

    Args:
        folder: The checkpoint's folder.
        clip: See `Normalize`.
        epsilon: See `Normalize`.

    Raises:
        PolicyFileError: The statistics are missing or damaged.
    """
    path = folder / NORMALIZER
    statistics = read_normalizer(path).get(OBSERVATION)
    if statistics is None:
        raise PolicyFileError(f"{path} contains no statistics of the observations")
    mean, var = ({key: part[number] for key, part in statistics.items()} for number in IN_NORMALIZER)
    return Normalize(mean, var, clip, epsilon)
