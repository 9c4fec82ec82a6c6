"""Makes the pictures of docs/grasping.md: every gripper with the cube, and every object.

Run `MUJOCO_GL=egl python benchmarks/grasping_pictures.py --out docs/images` in the repository.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from rl_pipeline.envs.mujoco.grasping.ids import GRASPING_TASKS
from rl_pipeline.envs.mujoco.grasping.scripted import ScriptedGrasp
from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv

GRIPPERS = {
    "parallel_jaw": "FlatPJCube",
    "barrett_hand": "FlatBarrettCube",
    "shadow_hand": "FlatSHCube",
    "vehicle": "SeaClear",
}
OBJECTS = {name.lower(): f"FlatPJ{name}" for name in ("Cube", "Sphere", "Cylinder", "Mesh")}
GROUNDS = {"uneven": "UnevenBarrettMesh", "obstacle": "ObstacleSHCube"}
SIZE = 320


def picture(name: str, steps: int, distance: float, height: float) -> Image.Image:
    """Render a scripted grasp after some steps."""
    task = GRASPING_TASKS[name]()
    task.width = task.height = SIZE
    look = np.array([0.0, 0.0, height])
    task.default_camera_config = {"distance": distance, "azimuth": 140.0, "elevation": -18.0, "lookat": look}
    env = MujocoVectorEnv(task, 1, "rgb_array")
    observation, _ = env.reset(seed=2)
    script = ScriptedGrasp(task, lift=0.1)
    for step in range(steps):
        observation, *_ = env.step(script.act(observation, step))
    (frame,) = env.render()
    env.close()
    return Image.fromarray(frame)


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    for label, name in GRIPPERS.items():
        picture(name, 45, 0.8, 0.22).save(out / f"grasping_{label}.png", optimize=True)
    for label, name in OBJECTS.items():
        picture(name, 1, 0.5, 0.05).save(out / f"grasping_{label}.png", optimize=True)
    for label, name in GROUNDS.items():
        picture(name, 1, 0.8, 0.1).save(out / f"grasping_{label}.png", optimize=True)


if __name__ == "__main__":
    main()
