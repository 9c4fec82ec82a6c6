import pytest
import stable_baselines3

from rl_pipeline.bench.models import make_dummy_env, make_model
from rl_pipeline.bench.training_clock import TrainingClock


@pytest.fixture
def sac() -> TrainingClock:
    env = make_dummy_env("InvertedPendulum-v5", 3, 1)
    return TrainingClock(make_model(stable_baselines3.SAC, "sac", env, buffer_size=300))


def test_warming_up_ends_before_the_first_update(sac: TrainingClock) -> None:
    sac.warm_up()
    assert sac.model.num_timesteps == 99
    assert sac.model._n_updates == 0


def test_measures_collecting_and_updating(sac: TrainingClock) -> None:
    sac.warm_up()
    seconds = sac.learn(6)
    assert sac.model.num_timesteps == 105
    assert sac.model._n_updates > 0
    assert min(seconds.values()) > 0
    assert seconds["collect"] + seconds["update"] <= seconds["total"]


def test_each_piece_is_measured_for_itself(sac: TrainingClock) -> None:
    sac.learn(3)
    before_learning_starts = sac.learn(3)
    assert before_learning_starts["update"] == 0
