"""Loading of a policy from a checkpoint's folder, for acting on the environment's observations."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from rl_pipeline.errors import UserError
from rl_pipeline.policies.policy import Policy, PolicyFileError, StandalonePolicy
from rl_pipeline.policies.spec import PolicySpec, read_spec

LEARNER = "learner"
LOADERS = {
    LEARNER: "rl_pipeline.run.trained_policy:load_learned_policy",
    "onnx": "rl_pipeline.policies.onnx:load_onnx_policy",
}
"""Loader of the networks of each kind of policy, called with the folder and the spec.

These are names, not imports: a kind imports the libraries that it needs. The registry is closed, since a folder may
be untrusted.
"""


class PolicyNeedsMoreError(UserError):
    """Raised when a policy cannot act alone; the message says what it needs."""


def load_policy(folder: Path) -> StandalonePolicy:
    """Load a policy that acts on raw observations, without its simulator.

    Args:
        folder: A checkpoint's folder.

    Raises:
        PolicyFileError: A file is missing, damaged, or of another kind than this version knows.
        PolicyNeedsMoreError: Its training had wrappers whose transforms are unknown, or its kind needs packages
            that are not installed.
    """
    return make_standalone(folder, read_spec(folder))


def make_standalone(folder: Path, spec: PolicySpec) -> StandalonePolicy:
    """Load the networks in a folder, with the transforms of a spec before them. See `load_policy`."""
    require_known(folder, spec)
    if spec.kind not in LOADERS:
        raise PolicyFileError(
            f"{folder} contains a policy of kind {spec.kind!r}; this version loads {', '.join(LOADERS)}"
        )
    module, _, name = LOADERS[spec.kind].partition(":")
    try:
        load: Callable[[Path, PolicySpec], Policy[Any]] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        remedy = "pip install 'rl-pipeline[train]'"
        raise PolicyNeedsMoreError(f"the policy in {folder} needs {error.name}: {remedy}") from error
    return StandalonePolicy(load(folder, spec), spec.chain)


def require_known(folder: Path, spec: PolicySpec) -> None:
    """Refuse the policy in a folder if its training had wrappers whose transforms are unknown.

    Raises:
        PolicyNeedsMoreError: See `load_policy`.
    """
    if spec.unknown:
        raise PolicyNeedsMoreError(
            f"the policy in {folder} was trained with {', '.join(spec.unknown)}, which may change its "
            "observations; add a method policy_transform() to the wrapper that returns the transform, or None"
        )
