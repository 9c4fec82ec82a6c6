"""A policy from a run's folder, in an environment in which it can act."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gymnasium.vector import VectorEnv

from rl_pipeline.config.loading import load_config
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.ros.run_name import named_after
from rl_pipeline.learners.device import use_threads
from rl_pipeline.learners.learner import LearnedPolicy
from rl_pipeline.learners.policy_spec import space_of
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.policies.spec import PolicySpec
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.environments import make_evaluation_env
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import NotFoundError
from rl_pipeline.run.overrides import changed, require_acting_sections, require_fit
from rl_pipeline.run.training_state import follow_training, load_policy, load_statistics
from rl_pipeline.run.trust import require_trust
from rl_pipeline.run.user_code import find_user_code


@dataclass
class TrainedPolicy:
    """A policy and an environment.

    Attributes:
        config: The configuration of its run.
        policy: The policy, with the checkpoint's networks.
        env: An environment with the checkpoint's frozen statistics.
    """

    config: Config
    policy: LearnedPolicy[Any]
    env: VectorEnv

    def load(self, checkpoint: Checkpoint) -> None:
        """Load the networks and statistics of a checkpoint.

        Raises:
            CheckpointError: The checkpoint is damaged or belongs to another run.
        """
        checkpoint.verify()
        load_policy(checkpoint, self.policy)
        load_statistics(checkpoint, self.env)
        follow_training(checkpoint, self.env)


@contextmanager
def open_policy(
    run: RunFolder,
    checkpoint: Checkpoint,
    *,
    n_episodes: int = 1,
    render_mode: str | None = None,
    overrides: Sequence[str] = (),
) -> Iterator[TrainedPolicy]:
    """Open a run's policy for acting.

    Networks and statistics are read without executing anything. The environment and the classes of the networks are
    those that the run's configuration names: a run executes its files in `code/`, and programs, as `executed_by`
    lists them. For a run that was downloaded this must be allowed; see `rl_pipeline.run.trust`.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        n_episodes: Number of episodes, which determines the number of environments.
        render_mode: `rgb_array` or `human` to render a single environment.
        overrides: As for `acting_config`.

    Raises:
        CheckpointError: The checkpoint is damaged.
        ConfigError: The run's configuration does not load any more, or it was downloaded and executes code that is
            not trusted; or an override is refused or makes an environment that does not fit the policy.
    """
    config = acting_config(run, overrides)
    require_trust(config, run.path)
    with named_after(f"{run.name}_policy"):
        env = make_evaluation_env(config, n_episodes, render_mode=render_mode)
    try:
        require_fit(overrides, checkpoint, env)
        use_threads(config.training.training.n_threads, env.single_observation_space)
        spaces = env.single_observation_space, env.single_action_space
        policy = learner_class(config.training).for_acting(config.training, *spaces)
        trained = TrainedPolicy(config, policy, env)
        trained.load(checkpoint)
        yield trained
    finally:
        env.close()


def load_learned_policy(folder: Path, spec: PolicySpec) -> LearnedPolicy[Any]:
    """Load the networks in a checkpoint's folder without an environment; the loader of the kind `learner`.

    Args:
        folder: The folder of a checkpoint of a run, whose config.yaml says what the networks are.
        spec: Its spec.

    Raises:
        NotFoundError: The folder is not in a run's folder.
        ConfigError: As for `open_policy`.
        PolicyFileError: A file is damaged, or of networks for other inputs.
    """
    config = stored_config(run_of(folder))
    require_trust(config, run_of(folder).path)
    spaces = space_of(spec.inputs), space_of(spec.action)
    policy = learner_class(config.training).for_acting(config.training, *spaces)
    policy.load(folder)
    return policy


def run_of(path: Path) -> RunFolder:
    """Find the run that a checkpoint or another file belongs to.

    Raises:
        NotFoundError: It is not in a run's folder.
    """
    folder = next((one for one in path.resolve().parents if (one / "config.yaml").is_file()), None)
    if folder is None:
        raise NotFoundError(
            f"{path} is not in a run's folder; the config.yaml there would describe its networks"
        )
    return RunFolder(folder)


def stored_config(run: RunFolder) -> Config:
    """Read the resolved configuration of a run.

    Raises:
        ConfigError: The file was changed, or written by an incompatible version.
    """
    return find_user_code(load_config(run.config, default_file=None).config, run)


def acting_config(run: RunFolder, overrides: Sequence[str] = ()) -> Config:
    """Read the configuration with which the policy of a run acts.

    Args:
        run: The run.
        overrides: Changes of `environment` or `evaluation`, such as `environment.kwargs.target_speed=1.0`.

    Raises:
        ConfigError: As for `stored_config`, or an override is refused.
    """
    stored = stored_config(run)
    if not overrides:
        return stored
    require_acting_sections(overrides)
    return changed(run, stored, overrides)
