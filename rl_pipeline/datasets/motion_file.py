"""Motions in files of our own: `.npz` without pickles, whose members are the fields of `Motion`.

FILE.npz
├── format                  "rl-pipeline motion 1"
├── name, source, licence   text
├── dt                      seconds between frames
├── cyclic                  whether the last frame is the first one of the next cycle
├── joint_names             (J,)
├── joint_positions         (T, J)     rad or m
├── joint_velocities        (T, J)     rad/s or m/s
├── root_position           (T, 3)     m, in the world, z up
├── root_orientation        (T, 4)     quaternion w, x, y, z
├── root_linear_velocity    (T, 3)     m/s, in the world
├── root_angular_velocity   (T, 3)     rad/s, in the frame of the root
├── body_names              (B,)
├── body_positions          (T, B, 3)  m, in the world
├── body_orientations       (T, B, 4)  quaternion w, x, y, z
├── contact_names           (C,)
├── contacts                (T, C)     bool
└── phase                   (T,)       0 to 1

T frames, J joints with one axis, B bodies and C feet. B and C may be 0.
"""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.errors import nearest
from rl_pipeline.datasets.motions import OVER_TIME, Motion, refuse
from rl_pipeline.plain_data import UNREADABLE

FORMAT = "rl-pipeline motion 1"
TEXTS = ("name", "source", "licence")
NAMES = ("joint_names", "body_names", "contact_names")


def save_motion(motion: Motion, path: str | os.PathLike[str]) -> None:
    """Write a motion; the same motion results in the same bytes.

    Args:
        motion: The motion.
        path: The file, ending in `.npz`; an older one is replaced. Its folder must exist.

    Raises:
        OSError: The file cannot be written.
    """
    members: dict[str, Any] = {"format": np.array(FORMAT)}
    for each in fields(motion):
        value = getattr(motion, each.name)
        members[each.name] = (
            np.array(value, dtype=np.str_) if each.name in TEXTS + NAMES else np.asarray(value)
        )
    with atomic_write(path) as file:
        np.savez_compressed(file, allow_pickle=False, **members)


def load_motion(path: str | os.PathLike[str]) -> Motion:
    """Read the output of `save_motion`.

    Raises:
        FileNotFoundError: The file does not exist.
        MotionError: The file is damaged, of another kind, or its contents do not fit together.
    """
    place = str(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            members = {name: archive[name] for name in archive.files}
    except UNREADABLE as error:
        raise refuse(place, f"cannot be read as .npz: {error}") from error
    if str(members.get("format")) != FORMAT:
        remedy = "convert recordings with `rl-pipeline motions convert`"
        raise refuse(place, f"is not a motion: its member 'format' is not '{FORMAT}'", remedy=remedy)
    expected = [each.name for each in fields(Motion)]
    for name in expected:
        if name not in members:
            raise refuse(
                place, f"has no member '{name}'", nearest=nearest(name, members), valid=sorted(members)
            )
    return _make_motion(place, {name: members[name] for name in expected})


def _make_motion(place: str, members: dict[str, np.ndarray]) -> Motion:
    for name in OVER_TIME:
        if members[name].dtype.kind not in "fiub":
            raise refuse(place, f"member '{name}' must hold numbers", members[name].dtype.name)
    for name in NAMES:
        if members[name].ndim != 1:
            raise refuse(place, f"member '{name}' must be a list of names", members[name].shape)
    values: dict[str, Any] = {name: np.asarray(members[name], np.float64) for name in OVER_TIME}
    values["contacts"] = members["contacts"].astype(np.bool_)
    values |= {name: str(members[name]) for name in TEXTS}
    values |= {name: tuple(map(str, members[name].tolist())) for name in NAMES}
    if members["dt"].shape != () or members["dt"].dtype.kind not in "fiu":
        raise refuse(place, "member 'dt' must be one number", members["dt"].shape)
    return Motion(dt=float(members["dt"]), cyclic=bool(members["cyclic"]), **values)
