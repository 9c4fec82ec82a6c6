"""Policies of dextgen (https://github.com/amacati/dextgen): four files in a folder, read without executing them.

saves/<environment>/                     actor.pt  critic.pt  state_norm.pkl  goal_norm.pkl
saves/pretrain/<environment or gripper>/    the same
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rl_pipeline.policies.normalizer_pickle import DAMAGED, NormalizerUnpickler
from rl_pipeline.policies.policy import PolicyFileError

ACTOR, CRITIC, STATE, GOAL = FILES = ("actor.pt", "critic.pt", "state_norm.pkl", "goal_norm.pkl")
GRIPPERS = {"PJ": "ParallelJaw", "Barrett": "BarrettHand", "SH": "ShadowHand"}
"""Names of grippers in ids of environments, and the folders of their policies."""


def find_dextgen_files(name: str, environment_id: str) -> Path | None:
    """Return the folder of a policy of dextgen, or None if the name refers to something else.

    Args:
        name: The folder itself; or a folder such as `saves/pretrain`, which contains a folder with the name of the
            environment or of its gripper.
        environment_id: E.g. `FlatPJCube-v0`.
    """
    folder = Path(name).expanduser()
    grippers = [gripper for part, gripper in GRIPPERS.items() if part in environment_id]
    candidates = [folder, folder / environment_id, *(folder / gripper for gripper in grippers)]
    return next((path for path in candidates if (path / ACTOR).is_file()), None)


def read_statistics(folder: Path) -> dict[str, dict[str, Any]]:
    """Return mean, var and count of the parts of an observation, for `load_normalizer_state`.

    Elements that dextgen did not normalise (`idx`) have mean 0 and variance 1.

    Raises:
        PolicyFileError: A file is missing or damaged, or contains other values than numbers.
    """
    state, goal = (_statistics(folder / name) for name in (STATE, GOAL))
    return {"observation": {"observation": state, "achieved_goal": goal, "desired_goal": goal}}


def _statistics(path: Path) -> dict[str, Any]:
    normalizer = read_normalizer_pickle(path)
    try:
        mean, std = (np.array(normalizer[name], np.float64).reshape(-1) for name in ("mean", "std"))
        count = float(np.asarray(normalizer["count"], np.float64).reshape(()))
        size, chosen = int(normalizer["size"]), normalizer.get("idx")
        rest = np.zeros(size, np.bool_) if chosen is None else np.ones(size, np.bool_)
        if chosen is not None:
            rest[np.asarray(chosen, np.int64)] = False
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise PolicyFileError(f"{path}: not a normaliser of dextgen ({error!r})") from error
    fits = mean.shape == std.shape == (size,)
    if not fits or not np.isfinite([*mean, *std, count]).all() or not (std > 0).all() or count <= 0:
        raise PolicyFileError(
            f"{path}: mean, std and count must be finite, of {size} elements, and std positive"
        )
    return {"mean": np.where(rest, 0.0, mean), "var": np.where(rest, 1.0, std**2), "count": count}


def read_normalizer_pickle(path: Path) -> Mapping[str, Any]:
    """Return the attributes of a pickled normaliser, arrays as NumPy's; see `NormalizerUnpickler`.

    Raises:
        PolicyFileError: The file does not exist, is damaged, or contains names other than a normaliser and arrays.
    """
    try:
        return NormalizerUnpickler(io.BytesIO(path.read_bytes())).attributes()
    except OSError as error:
        raise PolicyFileError(f"{path} cannot be read: {error.strerror}") from error
    except DAMAGED as error:
        message = f"{path} is refused, and nothing in it was executed: not a normaliser of dextgen ({error})"
        raise PolicyFileError(message) from error
