"""Contacts of grasping tasks."""

import mujoco

from rl_pipeline.envs.mujoco.vector_env import MujocoVectorEnv

DEEPEST = 0.003
"""Metres that a finger may press into an object; contacts are slightly soft."""
INTEGRATION = mujoco.mjtState.mjSTATE_INTEGRATION


def contacts(env: MujocoVectorEnv) -> list[tuple[str, str, float]]:
    """Return the bodies and the distance of every contact in all simulations."""
    model, data, found = env.model, mujoco.MjData(env.model), []
    for state in env.simulations.state_dict()["state"]:
        mujoco.mj_setState(model, data, state, INTEGRATION)
        mujoco.mj_forward(model, data)
        for contact in data.contact:
            one, other = (model.body(model.geom_bodyid[geom]).name for geom in contact.geom)
            found.append((one, other, float(contact.dist)))
    return found
