import json
import subprocess
import sys
from pathlib import Path

import pytest

from rl_pipeline.cli import main
from rl_pipeline.commands.exit_status import DONE, REFUSED

TINY = ["--rounds", "2", "--seconds", "0.01", "--threads", "1"]


def test_stepping(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "stepping.json"
    arguments = ["--environments", "Reacher-v5", "--sizes", "2", "3", "--output", str(output)]
    assert main(["bench", "stepping", *TINY, *arguments]) == DONE
    result = json.loads(output.read_text())
    assert [(row["environment"], row["n"]) for row in result["rows"]] == [
        ("Reacher-v5", 2),
        ("Reacher-v5", 3),
    ]
    for row in result["rows"]:
        assert set(row["ratios"]) == {"rl-pipeline", "SB3 Dummy", "Gymnasium sync", "Gymnasium async"}
        assert min(row["limit"], *row["speeds"].values(), *row["ratios"].values()) > 0
    assert result["machine"]["versions"]["mjbatch"]
    assert result["options"]["threads"] == 1
    printed = capsys.readouterr().out
    assert "Ratios to the limit" in printed
    assert str(output) in printed


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_training(algorithm: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "training.json"
    arguments = ["--algorithm", algorithm, "--environment", "InvertedPendulum-v5", "--n-envs", "2"]
    arguments += ["--n-steps", "64", "--vector-steps", "2", "--output", str(output)]
    assert main(["bench", "training", *TINY, *arguments]) == DONE
    result = json.loads(output.read_text())
    assert [row["contender"] for row in result["rows"]] == ["stock SB3", "fast", "fast, DummyVecEnv"]
    for row in result["rows"]:
        speeds = [row[f"{part}_timesteps_per_s"] for part in ("collect", "update", "total")]
        assert 0 < speeds[2] < min(speeds[:2])
        assert min(row["collect_ratio"], row["update_ratio"], row["total_ratio"]) > 0
    assert result["rows"][0]["total_ratio"] == 1
    assert result["rows"][1]["compile_s"] > 0
    assert "fast, DummyVecEnv" in capsys.readouterr().out


def test_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "policy.json"
    arguments = ["--algorithms", "ppo", "td3", "--batches", "1", "4", "--environment", "Reacher-v5"]
    assert main(["bench", "policy", *TINY, *arguments, "--output", str(output)]) == DONE
    rows = json.loads(output.read_text())["rows"]
    assert [(row["algorithm"], row["batch"]) for row in rows[::2]] == [
        ("ppo", 1),
        ("ppo", 4),
        ("td3", 1),
        ("td3", 4),
    ]
    for row in rows:
        assert 0 < row["median_us"] <= row["p99_us"]
        assert row["actions_per_s"] > 0
    assert {row["contender"] for row in rows} == {"SB3 predict", "fast actor"}
    assert "p99 [us]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stepping", "--environments", "Hoper-v5"], "Hopper-v5"),
        (["training", "--environment", "Hoper-v5"], "Hoper"),
        (["policy", "--environment", "CartPole-v1", "--algorithms", "sac"], "cannot act in Discrete"),
        (["policy", "--environment", "FrozenLake-v1", "--algorithms", "ppo"], "observation"),
    ],
)
def test_refuses_what_cannot_be_measured(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *arguments]) == REFUSED
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--rounds", "--seconds", "--threads"])
@pytest.mark.parametrize("value", ["0", "-1", "many", "nan"])
def test_refuses_numbers_that_measure_nothing(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        main(["bench", "policy", f"{option}={value}"])
    assert refusal.value.code == REFUSED
    assert option in capsys.readouterr().err


def test_help_of_the_other_commands_does_not_import_learners() -> None:
    code = "import sys; from rl_pipeline.cli import make_parser; make_parser(); print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
