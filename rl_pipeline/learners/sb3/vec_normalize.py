"""Conversion of our normalising wrappers to Stable-Baselines3's VecNormalize."""

from pathlib import Path

import cloudpickle
from gymnasium import spaces
from gymnasium.vector import VectorEnv
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from rl_pipeline.learners.sb3.adapter import SB3Adapter
from rl_pipeline.wrappers.build import find_wrapper
from rl_pipeline.wrappers.normalize_observation import NormalizeObservation
from rl_pipeline.wrappers.normalize_reward import NormalizeReward
from rl_pipeline.wrappers.observations import PLAIN
from rl_pipeline.wrappers.running_statistics import RunningStatistics


def save_vec_normalize(env: VectorEnv, path: Path) -> None:
    """Write `as_vec_normalize(env)` for `VecNormalize.load`.

    Like SB3's `model.zip`, it is written by cloudpickle, which also supports a space's class from a user's file.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    path.write_bytes(cloudpickle.dumps(as_vec_normalize(env)))


def as_vec_normalize(env: VectorEnv) -> VecNormalize:
    """Build the VecNormalize that returns the same observations as the wrappers of an environment.

    It is in evaluation mode, like our environments for evaluation: `training` and `norm_reward` are False. Set both
    to True to train with the statistics. Without normalisation, it returns observations unchanged.

    Args:
        env: An environment with its wrappers; the statistics are copied.
    """
    observation = find_wrapper(env, NormalizeObservation)
    reward = find_wrapper(env, NormalizeReward)
    result = VecNormalize(
        SB3Adapter(env if observation is None else observation.env),
        training=False,
        norm_obs=observation is not None,
        norm_reward=False,
        norm_obs_keys=_keys(observation),
    )
    if observation is not None:
        result.clip_obs, result.epsilon = observation.clip, observation.epsilon
        statistics = {key: _copy(part) for key, part in observation.statistics.items()}
        result.obs_rms = statistics if result.norm_obs_keys else statistics[PLAIN]  # type: ignore[assignment]
    if reward is not None:
        result.clip_reward, result.epsilon = reward.clip, reward.epsilon
        result.gamma, result.ret_rms = reward.gamma, _copy(reward.statistics)
    return result


def _keys(observation: NormalizeObservation | None) -> list[str] | None:
    if observation is None or not isinstance(observation.env.single_observation_space, spaces.Dict):
        return None
    return list(observation.statistics)


def _copy(statistics: RunningStatistics) -> RunningMeanStd:
    copy = RunningMeanStd(shape=statistics.mean.shape)
    copy.mean, copy.var, copy.count = statistics.mean.copy(), statistics.var.copy(), statistics.count
    return copy
