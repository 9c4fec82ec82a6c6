"""Can MuJoCo draw?"""

from rl_pipeline.doctor.finding import Finding
from rl_pipeline.rendering.gl import RenderingUnavailable, try_backends


def check() -> list[Finding]:
    """Draw a frame with each OpenGL backend; one that works is enough."""
    try:
        failures = try_backends()
    except RenderingUnavailable as error:
        return [Finding("graphics", "error", str(error), "unset MUJOCO_GL")]
    working = [name for name, failure in failures.items() if failure is None]
    reasons = "; ".join(f"{name}: {failure}" for name, failure in failures.items() if failure)
    if working:
        unused = f" (not: {reasons})" if reasons else ""
        return [Finding("graphics", "ok", f"a frame was drawn with {', '.join(working)}{unused}")]
    remedy = "apt-get install libegl1 libgl1, or libosmesa6; films and pictures need one of them"
    return [Finding("graphics", "warning", f"nothing draws: {reasons}", remedy)]
