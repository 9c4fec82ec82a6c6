"""Evaluation during a training: separate environments, frozen normalisation, and the best policy so far."""

import math
from collections.abc import Mapping, Sequence

from gymnasium.vector import VectorEnv

from rl_pipeline.config.errors import ConfigError, Problem, nearest
from rl_pipeline.config.schema import Config
from rl_pipeline.config.training import EarlyStopping, EvaluationDuringTraining, EvaluationInterval
from rl_pipeline.envs.contract import base_env, share_rows
from rl_pipeline.learners.learner import Learner
from rl_pipeline.learners.parallel.ranks import Ranks, SingleRank
from rl_pipeline.run.environments import load_normalizer_state, make_evaluation_env, normalizer_state
from rl_pipeline.run.evaluate import PREFIX, Evaluation, evaluate, joined
from rl_pipeline.run.milestones import frequency
from rl_pipeline.run.training_state import Progression


class PeriodicEvaluation:
    """Evaluates the policy of a training at regular intervals of timesteps.

    The policy at timestep 0 is evaluated and logged, but only trained policies are compared: the best one and the
    patience of early stopping start with the first evaluation after training began.

    Args:
        config: The run's configuration.
        progression: Receives the best mean return.
        ranks: Ranks that share the episodes; None for a single process. Up to ten episodes are the same for any
            number of ranks.

    """

    def __init__(self, config: Config, progression: Progression, ranks: Ranks | None = None) -> None:
        self.config = config.training.training.eval
        self.early_stopping = config.training.training.early_stopping
        self.progression = progression
        total = config.training.training.total_timesteps
        self.frequency = frequency(total, self.config.num_evals, self.config.frequency)
        self._metrics_are_known = False
        self.ranks = ranks or SingleRank()
        self.share = share_rows(self.config.num_episodes, self.ranks.size)[self.ranks.rank]
        self.n_episodes = self.share.stop - self.share.start
        has_part = self.frequency and self.n_episodes
        self.env = make_evaluation_env(config, self.n_episodes) if has_part else None

    @property
    def every(self) -> int:
        """Present number of timesteps between evaluations; 0 for none."""
        return (self.frequency and self.progression.evaluation_interval) or self.frequency

    def run(self, learner: Learner, training_env: VectorEnv) -> tuple[Evaluation, bool]:
        """Evaluate with the present statistics of the training.

        Returns:
            The evaluation, and whether it is the best so far.

        Raises:
            ConfigError: The configuration names a metric that the evaluations do not have.
        """
        result = joined(self.ranks.gather(self._play(learner, training_env)))
        summary = result.summary()
        if not self._metrics_are_known:
            check_metrics(self.config, self.early_stopping, summary)
            self._metrics_are_known = True
        self.progression.evaluation_interval = interval(self.config.intervals, summary)
        return result, self._note(result.mean_return, learner.timesteps)

    def _play(self, learner: Learner, training_env: VectorEnv) -> Evaluation:
        """Play this rank's share of the episodes."""
        if self.env is None:
            return Evaluation()
        load_normalizer_state(self.env, normalizer_state(training_env))
        base_env(self.env).follow(base_env(training_env).shared_state())
        seed = self.config.seed + self.share.start
        return evaluate(
            learner.policy,
            self.env,
            n_episodes=self.n_episodes,
            seed=seed,
            deterministic=self.config.deterministic,
        )

    def _note(self, mean_return: float, timestep: int) -> bool:
        progression = self.progression
        progression.last_evaluation_timestep = timestep
        if (
            timestep == 0
        ):  # the first point of the curve; an untrained policy is neither the best nor a reference
            return False
        if _exceeds(mean_return, progression.reference_return, self.early_stopping.min_delta):
            progression.reference_return = mean_return
            progression.evaluations_without_improvement = 0
        else:
            progression.evaluations_without_improvement += 1
        is_best = _exceeds(mean_return, progression.best_mean_return, 0.0)
        if is_best:
            progression.best_mean_return = mean_return
        return is_best

    def close(self) -> None:
        """Close the environment."""
        if self.env is not None:
            self.env.close()


def interval(intervals: Sequence[EvaluationInterval], summary: Mapping[str, float]) -> int | None:
    """Return the timesteps until the next evaluation according to the last reached interval, or None."""
    reached = [
        each.frequency
        for each in intervals
        if summary.get(f"{PREFIX}{each.metric}", -math.inf) >= each.at_least
    ]
    return reached[-1] if reached else None


def check_metrics(
    config: EvaluationDuringTraining, early_stopping: EarlyStopping, summary: Mapping[str, float]
) -> None:
    """Refuse intervals and thresholds of metrics that the evaluations do not have, before the training.

    Raises:
        ConfigError: A metric does not exist.
    """
    key = "training.training"
    named = [(f"{key}.eval.intervals.{i}.metric", each.metric) for i, each in enumerate(config.intervals)]
    named += [(f"{key}.early_stopping.metric_thresholds", name) for name in early_stopping.metric_thresholds]
    valid = sorted(name.removeprefix(PREFIX) for name in summary)
    problems = [
        Problem(place, "evaluations of this task do not have this metric", name, valid, nearest(name, valid))
        for place, name in named
        if name not in valid
    ]
    if problems:
        raise ConfigError(problems)


def _exceeds(value: float, reference: float | None, margin: float) -> bool:
    """Return whether a return is better than an earlier one; NaN never is."""
    return value > (-math.inf if reference is None else reference + margin)
