"""Checks of GPU and rendering: whether torch can use a GPU, and whether MuJoCo can render."""

import shutil

from rl_pipeline.doctor.finding import Finding
from rl_pipeline.rendering.gl import RenderingUnavailable, try_backends


def check() -> list[Finding]:
    """Check for a GPU, and for a library that renders."""
    return [gpu(), drawing()]


def gpu() -> Finding:
    """Ask torch for NVIDIA GPUs, and the driver if torch sees none."""
    import torch

    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if names:
        return Finding("gpu", "ok", f"{', '.join(names)} (CUDA {torch.version.cuda})")
    if not shutil.which("nvidia-smi"):
        return Finding("gpu", "ok", "no NVIDIA GPU; training uses the processor")
    if torch.version.cuda is None:
        remedy = (
            "unset RL_PIPELINE_TORCH_INDEX, delete the virtual environment and run `bash launch_node.bash`"
        )
        return Finding(
            "gpu", "warning", "an NVIDIA driver is installed, but torch is built without CUDA", remedy
        )
    remedy = (
        "check that `nvidia-smi` lists the GPU; start a container with `--gpus all`; update the "
        f"driver if it is older than CUDA {torch.version.cuda}"
    )
    return Finding("gpu", "warning", "an NVIDIA driver is installed, but torch cannot use a GPU", remedy)


def drawing() -> Finding:
    """Render a frame with each OpenGL backend; one working backend is enough."""
    try:
        failures = try_backends()
    except RenderingUnavailable as error:
        return Finding("graphics", "error", str(error), "unset MUJOCO_GL")
    working = [name for name, failure in failures.items() if failure is None]
    reasons = "; ".join(f"{name}: {failure}" for name, failure in failures.items() if failure)
    if working:
        unused = f" (not: {reasons})" if reasons else ""
        return Finding("graphics", "ok", f"a frame was drawn with {', '.join(working)}{unused}")
    remedy = "apt-get install libegl1 libgl1, or libosmesa6; films and pictures need one of them"
    return Finding("graphics", "warning", f"nothing draws: {reasons}", remedy)
