"""Callbacks of a user's own: when they are called, what they may do, what is refused, and their code in the run.

`test_exact_resume.py` cuts runs with callbacks off and resumes them.
"""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.run.callback_list import CallbackError, check_callbacks
from rl_pipeline.run.checkpoint_store import step_name
from rl_pipeline.run.checkpoints import STATE
from rl_pipeline.run.executed_code import executed_by
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.plan import plan_resume
from rl_pipeline.run.preflight import CHECKS
from rl_pipeline.run.state_file import read_state
from rl_pipeline.run.train import run_plan

OWN = Path(__file__).with_name("sample_callbacks.py")
Train = Callable[..., RunFolder]


def state_of(run: RunFolder, checkpoint: str = "final") -> dict[str, object]:
    [saved] = read_state(run.checkpoints / checkpoint / STATE)["callbacks"]
    return saved


def named(name: str, **arguments: object) -> str:
    return f"training.callbacks=[{{'{OWN}:{name}': {json.dumps(arguments)}}}]"


@pytest.mark.parametrize("algorithm", ["a2c", "dqn"])
def test_every_event_is_reported_in_order(train: Train, algorithm: str) -> None:
    buffer = ["training.algorithm_parameters.buffer_size=100"] if algorithm == "dqn" else []
    run = train(
        algorithm,
        named("Journal"),
        "training.training.eval.num_evals=1",
        "training.checkpoint.num_checkpoints=1",
        *buffer,
        environment_id="CartPole-v1",
    )
    saved = state_of(run)
    assert saved["class"] == "Journal"
    calls = [tuple(call[:2]) for call in saved["state"]["calls"]]  # type: ignore[index]
    assert calls[:3] == [("start", 0), ("evaluation", 0), ("checkpoint", 0)]
    iterations = [timestep for name, timestep in calls if name == "iteration"]
    assert iterations == sorted(set(iterations))
    assert iterations[-1] >= 80
    assert ("evaluation", iterations[-1]) in calls
    assert not {"scale", "_saved"} & saved["state"].keys()  # type: ignore[attr-defined]
    with (run.path / "progress.csv").open() as file:
        logged = [row["journal/drawn"] for row in csv.DictReader(file) if row["journal/drawn"]]
    assert len(logged) == len(iterations)


def test_a_callback_ends_the_training(train: Train) -> None:
    run = train("a2c", named("StopAt", timestep=40), "training.checkpoint.frequency=40")
    metadata = json.loads(run.metadata.read_text())
    assert (metadata["status"], metadata["timestep"]) == ("finished", 40)
    assert metadata["reason"] == "40 timesteps are enough"
    assert not (run.checkpoints / step_name(40)).exists()  # a run resumed from it would not end there


def test_a_run_with_callbacks_is_resumed_from_its_own_copy(train: Train, tmp_path: Path) -> None:
    own = tmp_path / "mine.py"
    own.write_text(OWN.read_text())
    run = train("a2c", f"training.callbacks=[{own}:Journal]")
    before = state_of(run)["state"]
    own.unlink()
    assert re.search(r"code/\S*mine.py:Journal", run.config.read_text())
    plan = plan_resume(str(run.path), ["training.training.total_timesteps=120"])
    assert [one.what.rpartition("/")[2] for one in executed_by(plan.config)][-1] == "mine.py:Journal"
    run_plan(plan)
    after = state_of(run)["state"]
    n_before = len(before["calls"])  # type: ignore[index]
    assert after["calls"][:n_before] == before["calls"]  # type: ignore[index]
    assert after["calls"][n_before][:3] == ["checkpoint", 80, "final"]  # type: ignore[index]


def test_callbacks_may_come_and_go(train: Train, caplog: pytest.LogCaptureFixture) -> None:
    run = train("a2c", named("Journal"))
    longer = "training.training.total_timesteps=120"
    run_plan(plan_resume(str(run.path), [longer, named("StopAt", timestep=1000)]))
    assert "training.callbacks: the state of Journal in the checkpoint is dropped" in caplog.text
    assert (
        "training.callbacks.0: the checkpoint holds no state of StopAt, which starts with a new state"
        in caplog.text
    )


@pytest.mark.parametrize("method", ["on_iteration", "state_dict"])
def test_an_error_names_the_class_and_the_place(train: Train, method: str) -> None:
    with pytest.raises(CallbackError) as caught:
        train("a2c", named("Broken", method=method))
    text = str(caught.value)
    assert text.startswith(f"training.callbacks.0: Broken.{method}: ")
    if method == "state_dict":
        assert "set is not plain data: {1, 2}" in text
    else:
        assert re.search(r'sample_callbacks.py", line \d+, in on_iteration', text)


def refusal(name: str) -> str:
    mapping = {"environment": {"id": "CartPole-v1"}, "training": {"callbacks": [name]}}
    with pytest.raises(ConfigError) as caught:
        load_config_mapping(mapping, checks=[check_callbacks])
    return str(caught.value)


def test_wrong_callbacks_are_refused_before_the_training(train: Train) -> None:
    assert check_callbacks in CHECKS
    assert "training.callbacks.0" in refusal("journal")
    assert "remedy: name your own class as path/to/file.py:Class" in refusal("journal")
    assert "it has Broken, Journal, StopAt" in refusal(f"{OWN}:Jurnal")
    assert "StopAt needs the argument timestep" in refusal(f"{OWN}:StopAt")
    with pytest.raises(ConfigError, match="Broken could not be made: RuntimeError: broken on purpose"):
        train("a2c", named("Broken", method="constructor"))
