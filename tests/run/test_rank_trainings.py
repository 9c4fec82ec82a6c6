"""Trainings by several ranks that are killed, stopped and resumed, with the commands of docs/data_parallel.md."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from rl_pipeline import plain_data
from rl_pipeline.errors import RefusedError
from rl_pipeline.run.checkpoints import EXPERIENCE, STATE, Checkpoint
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder, find_runs
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.plan import Plan, plan_resume
from rl_pipeline.run.train import run_plan
from tests.documentation import DOCS, commands
from tests.launchers import start

from .conftest import parameters
from .test_exact_resume import assert_same_tree

PATIENCE = 900
pytestmark = pytest.mark.timeout(3600)  # the machine may be busy
COMMANDS = commands(DOCS / "data_parallel.md")
ENVIRONMENT = f"{Path(__file__).with_name('rank_envs.py')}:ObedientPendulum"
PPO = {"n_steps": 16, "batch_size": 16, "n_epochs": 2, "target_kl": 0.02}
SAC = {"buffer_size": 200, "batch_size": 16, "learning_starts": 40}


class Trainings:
    """Trainings of one algorithm by one launcher, below one folder."""

    def __init__(self, folder: Path, launcher: str, algorithm: str, **parameters: Any) -> None:
        self.folder, self.launcher = folder, launcher
        self.orders = folder / "orders"
        self.orders.mkdir()
        self.config = folder / "pendulum.yaml"
        mapping = {
            "experiment": {"name": "tiny", "folder": str(folder / "experiments")},
            "environment": {
                "id": ENVIRONMENT,
                "n_environments": 2,
                "normalize": True,
                "wrappers": [{"time_limit": {"max_episode_steps": 15}}],
            },
            "training": {
                "algorithm": algorithm,
                "tensorboard": False,
                "algorithm_parameters": parameters,
                "architecture": {"net_arch": [8]},
                "training": {
                    "total_timesteps": 256,
                    "device": "cpu",
                    "eval": {"num_episodes": 3, "frequency": 128},
                },
                "checkpoint": {"frequency": 64, "export": False},
            },
            "evaluation": {"num_episodes": 1, "video": False},
        }
        self.config.write_text(yaml.safe_dump(mapping))

    def order(self, rank: int, step: int, what: str) -> None:
        (self.orders / f"{rank}_at_{step}").write_text(what)

    def train(self, *more: str, n_ranks: int = 2) -> tuple[int, str]:
        """Train with the command of the guide, and more arguments; return its exit status and the output."""
        [command] = [line for line in COMMANDS if line.startswith(self.launcher) and "--resume" not in line]
        command = command.replace("-n 2", f"-n {n_ranks}")
        environment = {"RANK_ORDERS": str(self.orders)}
        process = start([*shlex.split(command), *more], cwd=self.folder, extra=environment)
        output, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, output

    def resume(self) -> tuple[int, str]:
        """Resume the newest run."""
        return self.train("--resume", "auto")

    @property
    def newest(self) -> RunFolder:
        return find_runs(self.folder / "experiments")[-1]


def assert_same_end(run: RunFolder, other: RunFolder) -> None:
    """Compare the ends of two runs bit-exactly: parameters, and the states of all ranks."""
    assert_same_tree(parameters(run), parameters(other))
    first, second = (Checkpoint(each.checkpoints / "final") for each in (run, other))
    assert first.n_ranks == second.n_ranks == 2
    for rank in range(2):
        states = [plain_data.load(checkpoint.part(rank) / STATE) for checkpoint in (first, second)]
        for state in states:
            del state["progression"]["minutes"]
            del state["environment"]["spaces"]  # nobody samples from them or seeds them
            for wrapper in state["wrappers"]:
                wrapper.pop("seconds", None)  # how long episodes have taken
            for episode in state["learner"]["attributes"]["ep_info_buffer"]["value"]:
                del episode["t"]  # when it ended
        assert_same_tree(*states)
        experiences = [checkpoint.part(rank) / EXPERIENCE for checkpoint in (first, second)]
        if experiences[0].exists():
            assert_same_tree(*map(plain_data.load, experiences))
    assert first.manifest()["files"].keys() == second.manifest()["files"].keys()


@pytest.fixture(scope="module")
def ppo(tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    """Trainings of PPO, the first of which was not disturbed."""
    trainings = Trainings(tmp_path_factory.mktemp("ppo"), "torchrun", "ppo", **PPO)
    status, output = trainings.train()
    assert status == 0, output
    assert "2 environments in each of 2 ranks (torch.distributed, gloo)" in output
    assert output.count("Training finished at timestep 256") == 1
    return trainings


@pytest.fixture(scope="module")
def whole_ppo(ppo: Trainings) -> RunFolder:
    return find_runs(ppo.folder / "experiments")[0]


def test_ppo_resumes_to_the_bit_after_a_rank_died_and_after_a_signal(
    ppo: Trainings, whole_ppo: RunFolder
) -> None:
    ppo.order(1, 40, "SIGKILL self")
    status, output = ppo.train()
    cut = ppo.newest
    assert status != 0
    assert cut.path != whole_ppo.path
    assert "rank 1 (host " in output
    assert " died, as rank 0 (host " in output
    assert json.loads(cut.metadata.read_text())["status"] == "failed"
    ppo.order(0, 50, "SIGTERM launcher")
    _, output = ppo.resume()
    assert "Training stopped at timestep" in output
    assert json.loads(cut.metadata.read_text())["status"] == "stopped"
    status, output = ppo.resume()
    assert status == 0, output
    assert_same_end(cut, whole_ppo)


def test_ranks_have_environments_of_their_own_and_a_policy_in_common(whole_ppo: RunFolder) -> None:
    final = Checkpoint(whole_ppo.checkpoints / "final")
    first, second = (plain_data.load(final.part(rank) / STATE) for rank in range(2))
    assert not np.array_equal(first["wrappers"][0]["raw_rewards"], second["wrappers"][0]["raw_rewards"])
    for one, other in zip(first["wrappers"], second["wrappers"], strict=True):
        assert_same_tree(one.get("statistics"), other.get("statistics"))
    assert first["learner"]["attributes"]["num_timesteps"] == 256


def test_one_process_evaluates_such_a_run(whole_ppo: RunFolder) -> None:
    report = evaluate_checkpoint(whole_ppo, choose_checkpoint(whole_ppo), n_episodes=2)
    assert len(report["returns"]) == 2


@pytest.mark.usefixtures("without_pictures")
def test_another_number_of_ranks_is_refused_unless_allowed(whole_ppo: RunFolder) -> None:
    plan = plan_resume(str(whole_ppo.path), ["training.training.total_timesteps=320"])
    with pytest.raises(
        RefusedError, match=r"was written by 2 ranks, .* training has 1 rank; .* --allow-other-ranks"
    ):
        run_plan(plan)
    _, result, _ = run_plan(Plan(plan.config, plan.folder, plan.resume, allow_other_ranks=True))
    assert result.timestep == 320


def test_sac_resumes_to_the_bit_after_all_ranks_were_killed(tmp_path: Path) -> None:
    sac = Trainings(tmp_path, "mpirun", "sac", **SAC)
    status, output = sac.train()
    assert status == 0, output
    assert "2 environments in each of 2 ranks (MPI)" in output
    whole = sac.newest
    sac.order(0, 45, "SIGKILL self")
    sac.order(1, 45, "SIGKILL self")
    status, output = sac.train()
    cut = sac.newest
    assert status != 0
    assert cut.path != whole.path
    sac.order(1, 55, "SIGUSR1 launcher")
    status, output = sac.resume()
    assert status == 0, output
    assert "(SIGUSR1)" in output
    assert 128 < int(json.loads(cut.metadata.read_text())["timestep"]) < 256
    status, output = sac.resume()
    assert status == 0, output
    assert_same_end(cut, whole)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["torchrun", "mpirun"])
def test_a_rank_that_hangs_ends_the_training_by_its_name(tmp_path: Path, launcher: str) -> None:
    trainings = Trainings(tmp_path, launcher, "ppo", **PPO)
    trainings.order(1, 40, "SIGSTOP self")
    status, output = trainings.train("training.training.rank_timeout=20")
    cut = trainings.newest
    assert status != 0
    assert "(training.training.rank_timeout) for the other ranks; rank 1 (host " in output
    assert " is suspended" in output
    assert json.loads(cut.metadata.read_text())["status"] == "failed"
    status, output = trainings.resume()
    assert status == 0, output
    assert trainings.newest.path == cut.path
    assert json.loads(cut.metadata.read_text())["timestep"] == 256


@pytest.mark.slow
def test_sixteen_ranks_make_two_updates(tmp_path: Path) -> None:
    trainings = Trainings(tmp_path, "mpirun", "ppo", **PPO)
    mapping = yaml.safe_load(trainings.config.read_text())
    mapping["training"]["training"] |= {"total_timesteps": 1024, "eval": {"num_evals": 0}}
    mapping["training"]["checkpoint"] = {"num_checkpoints": 0, "export": False}
    trainings.config.write_text(yaml.safe_dump(mapping))
    status, output = trainings.train(n_ranks=16)
    assert status == 0, output
    assert "1,024 after 2 iterations of n_steps x n_environments x ranks = 16 x 2 x 16 = 512" in output
    final = Checkpoint(trainings.newest.checkpoints / "final")
    assert final.n_ranks == 16
    final.verify()


def test_the_guide_resumes_as_these_tests_do() -> None:
    [resumes] = [line for line in COMMANDS if "--resume" in line]
    [trains] = [line for line in COMMANDS if line.startswith("torchrun") and "--resume" not in line]
    assert resumes == f"{trains} --resume auto"
    assert len(COMMANDS) == 3
