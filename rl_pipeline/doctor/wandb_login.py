"""Check whether runs can be sent to Weights & Biases."""

import os

from rl_pipeline.doctor.finding import Finding


def check() -> list[Finding]:
    """Look for an account, without a request to the server."""
    mode = os.environ.get("WANDB_MODE", "online")
    if mode != "online":
        return [Finding("wandb", "ok", f"WANDB_MODE={mode}: runs stay on this machine")]
    import wandb

    if wandb.login(prompt=False, verify=False):
        return [Finding("wandb", "ok", "logged in")]
    remedy = "`wandb login`, or set WANDB_API_KEY; it is not needed with training.use_wandb: false"
    return [Finding("wandb", "warning", "nobody is logged in; runs with use_wandb stay offline", remedy)]
