"""Policies of `rl-pipeline export`: ONNX files with a description of their observations and actions.

The file contains one JSON document under the key `rl_pipeline` of its metadata. Numbers are exact, and null means no
limit or an unknown value:

    format        version of the document
    policy        the policy's `PolicySpec`, as in policy.json; without transforms, since the graph holds them
    joints        the joint that each number of an action drives, or null
    frame_ids     coordinate frames by part of the observation, or null
    safe_action   an action that is safe at any time, or null
    run, environment, algorithm, checkpoint, timestep, commit, versions
                  origin of the policy
    missing       sentences about unknown properties, such as the names of observations
    parity        differences between its actions and those of the checkpoint; see `rl_pipeline.deploy.parity`
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_pipeline.policies.observations import PLAIN
from rl_pipeline.policies.onnx import OnnxPolicy
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.policies.spec import PolicySpec, Signal, spec_from_json

KEY = "rl_pipeline"
"""Key of the document in the metadata of an ONNX file."""
FORMAT = 1


@dataclass(frozen=True)
class ExportedPolicy:
    """A policy in a separate file, which acts with the base dependencies.

    Attributes:
        policy: The policy, which acts on raw observations; the transforms of its training are in the graph.
        spec: Its observations and actions.
        document: The whole document in the file.
        sha256: The checksum of the file.
    """

    policy: OnnxPolicy
    spec: PolicySpec
    document: Mapping[str, Any]
    sha256: str


def load_exported(file: Path) -> ExportedPolicy:
    """Load a policy of `rl-pipeline export`. Nothing in the file is executed except the graph.

    Args:
        file: The ONNX file.

    Raises:
        PolicyFileError: The file is missing or damaged, has no document, or was written by a newer version.
    """
    policy = OnnxPolicy(file)
    if KEY not in policy.metadata:
        raise PolicyFileError(
            f"{file} does not describe its observations and actions: it has no metadata under the key {KEY!r}; "
            "export it with 'rl-pipeline export'"
        )
    try:
        document = json.loads(policy.metadata[KEY])
        number = document["format"]
        if isinstance(number, int) and number > FORMAT:
            raise PolicyFileError(
                f"{file} was written by a newer version of rl_pipeline: its metadata have format {number}, "
                f"but this version reads {FORMAT}"
            )
        if number != FORMAT:
            raise ValueError(f"its format is {number!r}, but this version reads {FORMAT}")
        spec = spec_from_json(document["policy"], file.parent)
        if spec.kind != "onnx" or spec.transforms:
            raise ValueError(f"its policy is of kind {spec.kind!r} with {len(spec.transforms)} transforms")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PolicyFileError(
            f"{file}: its metadata are damaged ({type(error).__name__}: {error})"
        ) from error
    _check_inputs(file, policy, spec)
    return ExportedPolicy(policy, spec, document, policy.sha256)


def _check_inputs(file: Path, policy: OnnxPolicy, spec: PolicySpec) -> None:
    signals = {PLAIN: spec.observation} if isinstance(spec.observation, Signal) else spec.observation
    described = {key: (signal.shape, signal.dtype) for key, signal in signals.items()}
    if policy.input_types != described:
        raise PolicyFileError(f"{file} takes {policy.input_types}, but its metadata say {described}")
