from pathlib import Path

import pytest

from rl_pipeline.run.locate import NotFoundError
from rl_pipeline.search.folder import MAX_TRIAL_NAME, SweepBusyError, find_sweep, trial_name

from .sweeps import GAMMA, LEARNING_RATE, make_sweep


def test_trials_have_names_that_are_safe_for_file_systems() -> None:
    assert trial_name(0, {}) == "trial_0"
    assert trial_name(3, {LEARNING_RATE: 0.00123456}) == "trial_3_learning_rate=0.001235"
    parameters = {"environment.id": "ALE/Pong-v5", "training.architecture.net_arch": [64, 64]}
    assert trial_name(3, parameters) == "trial_3_id=ALE-Pong-v5_net_arch=64-64"
    assert trial_name(3, {GAMMA: "../../etc: *?"}) == "trial_3_gamma=..-..-etc"
    long = trial_name(3, {GAMMA: "ü" * 500})
    assert len(long.encode()) <= MAX_TRIAL_NAME
    assert "/" not in long


def test_sweeps_are_found_by_folder_and_name(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path, space={GAMMA: [0.9]})
    dated = make_sweep(tmp_path, space={GAMMA: [0.9]}, name="quick_2030-01-01_00-00-00")
    assert find_sweep(str(folder.path)) == folder
    assert find_sweep("auto", tmp_path) == dated
    assert find_sweep("quick_2030-01-01_00-00-00", tmp_path) == dated
    with pytest.raises(NotFoundError, match=r"no sweep 'quik'[\s\S]*Did you mean 'quick'\?"):
        find_sweep("quik", tmp_path)


def test_a_sweep_has_one_driver(tmp_path: Path) -> None:
    folder = make_sweep(tmp_path, space={GAMMA: [0.9]})
    assert not folder.is_locked()
    with folder.locked():
        assert folder.is_locked()
        with pytest.raises(SweepBusyError, match="already has a driver"), folder.locked():
            pass
