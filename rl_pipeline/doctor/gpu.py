"""Can torch use a GPU?"""

import shutil

from rl_pipeline.doctor.finding import Finding


def check() -> list[Finding]:
    """Ask torch for NVIDIA GPUs, and the driver where torch sees none."""
    import torch

    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if names:
        return [Finding("gpu", "ok", f"{', '.join(names)} (CUDA {torch.version.cuda})")]
    if not shutil.which("nvidia-smi"):
        return [Finding("gpu", "ok", "no NVIDIA GPU; training uses the processor")]
    if torch.version.cuda is None:
        remedy = (
            "unset RL_PIPELINE_TORCH_INDEX, delete the virtual environment and run `bash launch_node.bash`"
        )
        return [
            Finding("gpu", "warning", "there is an NVIDIA driver, but torch is built without CUDA", remedy)
        ]
    remedy = (
        "see whether `nvidia-smi` lists the GPU; in a container start it with `--gpus all`, and update the "
        f"driver if it is older than CUDA {torch.version.cuda}"
    )
    return [Finding("gpu", "warning", "there is an NVIDIA driver, but torch cannot use a GPU", remedy)]
