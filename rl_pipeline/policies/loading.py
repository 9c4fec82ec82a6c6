"""From a checkpoint's folder to a policy that acts on what the environment observes."""

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
"""What loads the networks of each kind of policy, called with the folder and the spec.

Named, not imported: a kind brings the libraries that it needs. The registry is closed, since a folder may come from
elsewhere.
"""


class PolicyNeedsMoreError(UserError):
    """A policy cannot act alone; the text says what it needs."""


def load_policy(folder: Path) -> StandalonePolicy:
    """Load a policy that acts on raw observations, without its simulator.

    Args:
        folder: A checkpoint's folder.

    Raises:
        PolicyFileError: A file is missing, damaged, or of another kind than this version knows.
        PolicyNeedsMoreError: Its training had wrappers of which only they know what they do, or its kind needs
            packages that are not installed.
    """
    return make_standalone(folder, read_spec(folder))


def make_standalone(folder: Path, spec: PolicySpec) -> StandalonePolicy:
    """Load the networks in a folder, and put the transforms of a spec before them. See `load_policy`."""
    require_known(folder, spec)
    if spec.kind not in LOADERS:
        raise PolicyFileError(
            f"{folder} holds a policy of kind {spec.kind!r}; this version loads {', '.join(LOADERS)}"
        )
    module, _, name = LOADERS[spec.kind].partition(":")
    try:
        load: Callable[[Path, PolicySpec], Policy[Any]] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        remedy = "pip install 'rl-pipeline[train]'"
        raise PolicyNeedsMoreError(f"the policy in {folder} needs {error.name}: {remedy}") from error
    return StandalonePolicy(load(folder, spec), spec.chain)


def require_known(folder: Path, spec: PolicySpec) -> None:
    """Refuse the policy in a folder whose training had wrappers of which only they know what they do.

    Raises:
        PolicyNeedsMoreError: See `load_policy`.
    """
    if spec.unknown:
        raise PolicyNeedsMoreError(
            f"the policy in {folder} was trained behind {', '.join(spec.unknown)}, which may change what it sees; "
            "give the wrapper a method policy_transform() that returns the transform, or None if it changes nothing"
        )
