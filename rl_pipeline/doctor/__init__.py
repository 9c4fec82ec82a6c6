"""Checks of this machine, with a remedy for each failure."""

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
