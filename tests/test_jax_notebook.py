"""The notebook about rollouts in JAX, run cell by cell as it stands."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.documentation import DOCS
from tests.learners.distillation.sample_rollouts import write_rollouts

NOTEBOOK = DOCS / "rollouts_in_jax.ipynb"


def test_the_notebook_trains_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("optax", reason="the extra 'jax' is not installed")
    write_rollouts(tmp_path / "rollouts.hdf5", n=16)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    assert names["losses"][-1] < 0.5 * names["losses"][0]
    assert names["difference"] < 1e-5
