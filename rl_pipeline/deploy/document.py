"""Description in an exported policy; `rl_pipeline.policies.exported` lists the entries."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rl_pipeline.config.schema import Config
from rl_pipeline.envs.contract import Interface
from rl_pipeline.policies.exported import FORMAT
from rl_pipeline.policies.spec import PolicySpec, Signal, Signals, spec_to_json
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.metadata import read_metadata


def exported_spec(spec: PolicySpec, described: PolicySpec | None) -> PolicySpec:
    """Return the spec of a graph that acts on raw observations.

    Args:
        spec: Of the checkpoint.
        described: The spec of its environment now, with names, units and a rate that the checkpoint may not
            contain; None if the environment was not made.
    """
    observation, action, rate = spec.observation, spec.action, spec.rate
    if described is not None:
        observation = _fill(observation, described.observation)
        action = _fill_signal(action, described.action)
        rate = described.rate if rate is None else rate
    return PolicySpec("onnx", observation, observation, action, rate)


def make_document(
    run: RunFolder,
    checkpoint: Checkpoint,
    config: Config,
    spec: PolicySpec,
    interface: Interface | None,
    notes: list[str],
) -> dict[str, Any]:
    """Describe an exported policy; the entry `parity` is added later.

    Args:
        run: Its run.
        checkpoint: Its checkpoint.
        config: The configuration of the run.
        spec: The result of `exported_spec`.
        interface: Description by its environment; None if it was not made.
        notes: More sentences about unknown properties.
    """
    metadata = read_metadata(run)
    interface = interface or Interface()
    document: dict[str, Any] = {
        "format": FORMAT,
        "policy": spec_to_json(spec),
        "joints": list(interface.joint_names) or None,
        "frame_ids": None,
        "safe_action": None if interface.safe_action is None else list(interface.safe_action),
        "run": run.name,
        "environment": config.environment.id,
        "algorithm": config.training.algorithm,
        "checkpoint": checkpoint.name,
        "timestep": checkpoint.timestep,
        "commit": metadata.get("git_commit"),
        "versions": metadata.get("versions") or {},
    }
    return document | {"missing": [*_missing(spec, document), *notes]}


def _fill(signals: Signals, others: Signals) -> Signals:
    if isinstance(signals, Signal):
        return _fill_signal(signals, others) if isinstance(others, Signal) else signals
    found = others if isinstance(others, dict) else {}
    return {key: _fill_signal(signal, found.get(key, signal)) for key, signal in signals.items()}


def _fill_signal(signal: Signal, other: Signal) -> Signal:
    if not signal.fits(other):
        return signal
    names = signal.names or other.names
    return replace(signal, names=names, units=signal.units or (other.units if names == other.names else ()))


def _missing(spec: PolicySpec, document: dict[str, Any]) -> Iterator[str]:
    observation = spec.observation
    parts = {"observation": observation} if isinstance(observation, Signal) else observation
    for key, signal in parts.items():
        yield from _missing_of(f"'{key}'", signal)
    yield from _missing_of("the action", spec.action)
    if spec.rate is None:
        yield "The rate is not known: the environment has no clock."
    if document["joints"] is None:
        yield "The joints that the action drives are not known."
    yield "The coordinate frames of the observation are not known."
    if document["safe_action"] is None:
        yield "No action is known to be safe at any time."
    if document["commit"] is None:
        yield "The commit of the code that trained it is not known."


def _missing_of(what: str, signal: Signal) -> Iterator[str]:
    if signal.kind != "box" or len(signal.shape) != 1:
        return
    if not signal.names:
        yield f"The names of the numbers of {what} are not known."
    elif not all(signal.units or [""]):
        unknown = [
            name
            for name, unit in zip(signal.names, signal.units or [""] * len(signal.names), strict=True)
            if not unit
        ]
        which = "any number" if len(unknown) == len(signal.names) else ", ".join(unknown)
        yield f"The units of {which} of {what} are not known."
