"""Check whether trainings can be submitted to a Slurm cluster from this machine."""

from rl_pipeline.doctor.finding import Finding
from rl_pipeline.errors import UserError
from rl_pipeline.search.slurm_commands import COMMANDS, missing_commands, queue

SUBJECT = "slurm"


def check() -> list[Finding]:
    """Look for Slurm's commands, and ask its controller."""
    missing = missing_commands()
    if len(missing) == len(COMMANDS):
        return [Finding(SUBJECT, "ok", "not installed; only `train --cluster` needs it")]
    if missing:
        text = f"{', '.join(missing)} cannot be found in PATH"
        return [Finding(SUBJECT, "warning", text, "submit from a login node of the cluster")]
    try:
        jobs = queue()
    except UserError as error:
        remedy = "check that the cluster is up, and check SLURM_CONF; `scontrol ping` tests the connection"
        return [Finding(SUBJECT, "warning", f"the controller does not answer: {error}", remedy)]
    return [Finding(SUBJECT, "ok", f"reachable; {len(jobs)} of your jobs are queued or run")]
