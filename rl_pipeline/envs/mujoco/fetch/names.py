"""Names and units of the Fetch tasks' observations."""

from rl_pipeline.envs.mujoco.goals import Named, named_parts


def observed_numbers(*, has_object: bool) -> dict[str, Named]:
    """Return names and units by the keys of an observation.

    Velocities are per environment step, in m and rad, not per second.
    """
    achieved = "object" if has_object else "grip"
    goals = {
        "achieved_goal": _vector(f"{achieved}.position", "m"),
        "desired_goal": _vector("goal.position", "m"),
    }
    grip, grip_step = _vector("grip.position", "m"), _vector("grip.step", "m")
    fingers, finger_steps = _fingers("position"), _fingers("step")
    if not has_object:
        return {"observation": grip + fingers + grip_step + finger_steps, **goals}
    places = grip + _vector("object.position", "m") + _vector("object.from_grip", "m")
    motion = _vector("object.step_from_grip", "m") + _vector("object.turn", "rad")
    angles = _vector("object.angle", "rad")
    return {"observation": places + fingers + angles + motion + grip_step + finger_steps, **goals}


def _vector(name: str, unit: str) -> Named:
    return named_parts(name, "xyz", unit)


def _fingers(what: str) -> Named:
    return (f"right_finger.{what}", "m"), (f"left_finger.{what}", "m")
