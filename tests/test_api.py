"""The Python interface, as docs/notebooks/python_api.ipynb uses it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import rl_pipeline
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.run import reports
from tests.documentation import DOCS

TINY = {
    "experiment": {"name": "tiny", "folder": "experiments"},
    "environment": {"id": "CartPole-v1", "n_environments": 2, "normalize": True},
    "training": {
        "algorithm": "a2c",
        "tensorboard": False,
        "training": {"total_timesteps": 200, "device": "cpu", "verbose": 0, "eval": {"num_evals": 2}},
    },
    "evaluation": {"num_episodes": 2, "video": False},
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> rl_pipeline.Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)
    return rl_pipeline.train(TINY, {"experiment.seed": 1, "training.architecture.net_arch": [8]})


def test_a_run_is_trained_loaded_and_resumed(run: rl_pipeline.Run) -> None:
    assert run.status == "finished"
    assert run.config()["experiment"]["seed"] == 1
    assert run.info()["timestep"] == 200
    returns = run.metrics()["eval/mean_reward"]
    assert returns.timesteps[-1] == 200
    loaded = rl_pipeline.load_run("tiny")
    assert loaded.path == run.path.resolve()
    assert rl_pipeline.load_run(run.path).name == run.name
    again = loaded.resume({"training.training.total_timesteps": 240})
    assert again.info()["timestep"] == 240
    assert repr(again) == f"Run({str(again.path)!r}, status='finished')"


def test_a_policy_acts_on_raw_observations_as_it_was_evaluated(run: rl_pipeline.Run) -> None:
    report = run.evaluate(2, seed=7, checkpoint="final")
    policy = run.policy("final")
    env = rl_pipeline.make_vector_env("CartPole-v1", {"environment.n_environments": 2})
    observations, _ = env.reset(seed=7)
    starts, memory, lengths = np.array([True, True]), None, np.zeros(2, int)
    running = np.array([True, True])
    while running.any():
        actions, memory = policy.act(observations, memory, starts)
        observations, _, terminated, truncated, _ = env.step(actions)
        lengths += running
        starts = terminated | truncated
        running &= ~starts
    env.close()
    assert sorted(lengths.tolist()) == sorted(report["lengths"])
    short = {"environment.wrappers": [{"time_limit": {"max_episode_steps": 3}}]}
    assert run.evaluate(2, overrides=short)["lengths"] == [3, 3]


def test_metrics_are_a_table_where_pandas_is_there(run: rl_pipeline.Run) -> None:
    pytest.importorskip("pandas")
    table = run.table()
    assert table.index.name == "timestep"
    returns = run.metrics()["eval/mean_reward"]
    np.testing.assert_array_equal(table["eval/mean_reward"].dropna().to_numpy(), returns.values)


def test_a_file_is_trained_too_and_mistakes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reports, "plot_progress", lambda folder: None)
    Path("tiny.yaml").write_text(yaml.safe_dump(TINY))
    assert rl_pipeline.train("tiny.yaml", {"training.training.total_timesteps": 20}).status == "finished"
    with pytest.raises(ConfigError, match="did you mean: gamma"):
        rl_pipeline.train("tiny.yaml", {"training.algorithm_parameters.gama": 0.9})
    for environment in ("tiny.yaml", TINY):
        env = rl_pipeline.make_vector_env(environment, render=True)
        observations, _ = env.reset(seed=0)
        assert observations.shape == (2, 4)
        [frame, *_] = env.render()
        assert frame.ndim == 3
        env.close()


def test_importing_the_package_imports_no_library() -> None:
    code = "import sys; import rl_pipeline; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(result.stdout.split())
    assert "rl_pipeline" in imported
    assert not {"gymnasium", "numpy", "pydantic", "torch", "yaml"} & imported
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        rl_pipeline.trian  # type: ignore[attr-defined] # noqa: B018


def test_the_notebook_of_the_guide_runs(tmp_path: Path) -> None:
    notebook = json.loads((DOCS / "notebooks" / "python_api.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    (tmp_path / "notebook.py").write_text("\n".join(cells))
    result = subprocess.run(
        [sys.executable, "notebook.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "CartPole-v1" in result.stdout
