import json
from collections.abc import Callable
from pathlib import Path

from rl_pipeline.plotting import write_stats

MakeRun = Callable[..., Path]


def test_stats_say_what_the_run_has_reached(make_run: MakeRun) -> None:
    rows = {
        1000: {"rollout/ep_rew_mean": 1.0, "time/fps": 500.0},
        2000: {"rollout/ep_rew_mean": 3.0, "time/fps": 600.0},
        2001: {"eval/mean_reward": 7.0, "eval/std_reward": 2.0},
        3000: {"eval/mean_reward": 5.0, "eval/std_reward": 1.0, "eval/success_rate": 0.5},
    }
    folder = make_run("run", rows)
    path = write_stats(folder, {"training": {"algorithm": "ppo"}}, {"seconds": 12.5})
    assert path == folder / "stats.json"
    assert json.loads(path.read_text()) == {
        "timesteps": 3000,
        "fps": 600.0,
        "mean_return": 3.0,
        "best": {"timestep": 2001, "mean_reward": 7.0},
        "evaluations": {
            "timesteps": [2001, 3000],
            "mean_reward": [7.0, 5.0],
            "std_reward": [2.0, 1.0],
            "success_rate": [None, 0.5],
        },
        "seconds": 12.5,
        "args": {"training": {"algorithm": "ppo"}},
    }


def test_the_untrained_policy_is_not_the_best(make_run: MakeRun) -> None:
    rows = {0: {"eval/mean_reward": 9.0}, 1000: {"eval/mean_reward": 5.0}}
    stats = json.loads(write_stats(make_run("run", rows), {}, {}).read_text())
    assert stats["best"] == {"timestep": 1000, "mean_reward": 5.0}
    first = make_run("first", {0: {"eval/mean_reward": 9.0}})
    assert json.loads(write_stats(first, {}, {}).read_text())["best"] is None


def test_a_run_without_records_has_stats(tmp_path: Path) -> None:
    stats = json.loads(write_stats(tmp_path, {}, {}).read_text())
    assert stats["timesteps"] == 0
    assert stats["best"] is None
    assert stats["evaluations"] == {"timesteps": []}


def test_what_the_caller_knows_better_wins(tmp_path: Path) -> None:
    assert json.loads(write_stats(tmp_path, {}, {"timesteps": 5}).read_text())["timesteps"] == 5


def test_numbers_json_does_not_have_become_null(make_run: MakeRun) -> None:
    nan = float("nan")
    folder = make_run("run", {1: {"eval/mean_reward": nan}, 2: {"eval/mean_reward": -3.0}})
    stats = json.loads(write_stats(folder, {"limits": [float("inf"), 1.0]}, {"fps": nan}).read_text())
    assert stats["evaluations"]["mean_reward"] == [None, -3.0]
    assert stats["best"] == {"timestep": 2, "mean_reward": -3.0}
    assert stats["args"]["limits"] == [None, 1.0]
    assert stats["fps"] is None
