"""What works on this machine, and what to do about what does not."""

from collections.abc import Callable

from rl_pipeline.doctor import graphics, machine, ports, ros, slurm, unity, versions, wandb_login
from rl_pipeline.doctor.finding import Finding

CHECKS: tuple[Callable[[], list[Finding]], ...] = (
    versions.check,
    machine.check,
    graphics.check,
    ros.check,
    ports.check,
    unity.check,
    wandb_login.check,
    slurm.check,
)

__all__ = ["CHECKS", "Finding"]
