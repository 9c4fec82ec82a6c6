"""Submission of trainings to a cluster."""

import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.cluster import Cluster, load_cluster
from rl_pipeline.config.loading import dump_config, load_config
from rl_pipeline.config.schema import Config
from rl_pipeline.run.folder import unique_run_path
from rl_pipeline.run.plan import AlreadyFinishedError, Plan, plan_auto, plan_new, plan_resume
from rl_pipeline.run.preflight import CHECKS_ELSEWHERE
from rl_pipeline.search.launcher import Work
from rl_pipeline.search.slurm import SlurmLauncher
from rl_pipeline.search.slurm_record import FOLDER


@dataclass(frozen=True)
class Request:
    """A `train` command that runs on another machine.

    Attributes:
        config: The experiment's YAML file; None for a run that resumes.
        resume: The run to resume, `auto`, or None for a new run.
        overrides: Changes to the configuration.
        trust_code: Whether code of downloaded runs is executed.
    """

    config: Path | None
    resume: str | None
    overrides: tuple[str, ...]
    trust_code: bool

    def plan(self) -> Plan:
        """Check everything that can be checked before the training starts.

        Raises:
            UserError: It is refused, or the run is finished already or is being trained.
        """
        if self.config is None or self.resume not in (None, "auto"):
            return plan_resume(str(self.resume), self.overrides, CHECKS_ELSEWHERE)
        plan = plan_auto if self.resume else plan_new
        return plan(self.config, self.overrides, CHECKS_ELSEWHERE)

    def cluster_section(self, plan: Plan) -> Cluster | None:
        """Return the section `cluster` of the experiment's file and the overrides."""
        if self.config is None:
            return plan.config.cluster
        return load_config(self.config, self.overrides).config.cluster


def submit_trainings(request: Request, cluster: str, seeds: Sequence[int] | None = None) -> str:
    """Submit a training, or one for each seed, and return the message for the user.

    Args:
        request: The training.
        cluster: The profile's name or file.
        seeds: Seeds, instead of the configuration's seed.

    Raises:
        UserError: The configuration, the profile or Slurm refuses it, or another process trains the run.
    """
    planned: list[tuple[Request, Plan]] = []
    told: list[str] = []
    for each in [request] if seeds is None else [_with_seed(request, seed) for seed in seeds]:
        try:
            planned.append((each, each.plan()))
        except AlreadyFinishedError as error:
            told.append(str(error))
    if not planned:
        return "\n".join(told)
    _, first = planned[0]
    folder = Path(first.config.experiment.folder) / FOLDER
    launcher = SlurmLauncher(load_cluster(cluster, request.cluster_section(first)), folder)
    works = [_work(each, plan, folder) for each, plan in planned]
    jobs = launcher.submit_all(works)
    told += [f"job {job}  {work.name}  log: {work.log}" for job, work in zip(jobs, works, strict=True)]
    return "\n".join([*told, _next_steps(jobs, folder)])


def _with_seed(request: Request, seed: int) -> Request:
    overrides = (*request.overrides, f"experiment.seed={seed}")
    return Request(request.config, request.resume, overrides, request.trust_code)


def _work(request: Request, plan: Plan, folder: Path) -> Work:
    """Return the command that a job runs at every start."""
    identifier = secrets.token_hex(4)
    name = plan.config.experiment.name
    if plan.folder is None:
        arguments = _start(plan.config, folder, identifier)
    else:
        arguments = ["--resume", str(plan.folder.path), *request.overrides]
    trust = ["--trust-code"] if request.trust_code else []
    command = (sys.executable, "-m", "rl_pipeline", "train", *trust, *arguments)
    return Work(name, command, folder / f"{name}_{identifier}.log")


def _start(config: Config, folder: Path, identifier: str) -> list[str]:
    """Store the checked configuration, since its file may change before the job starts."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder.absolute() / f"{config.experiment.name}_{identifier}.yaml"
    with atomic_write(kept, mode="w") as file:
        file.write(dump_config(config))
    return ["--config", str(kept), "--resume", "auto", "--folder", str(unique_run_path(config))]


def _next_steps(jobs: Sequence[str], folder: Path) -> str:
    root = "" if folder.parent == Path("experiments") else f" --folder {folder.parent}"
    return (
        f"look:   rl-pipeline jobs list{root}\n"
        f"        rl-pipeline jobs logs{root} {jobs[0]}\n"
        f"cancel: rl-pipeline jobs cancel{root} {' '.join(jobs)}"
    )
