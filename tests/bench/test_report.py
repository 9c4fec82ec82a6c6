import argparse
import json
from pathlib import Path

import pytest

from rl_pipeline.bench.machine import describe_machine
from rl_pipeline.bench.report import as_table, print_machine, write_json


def test_a_table_is_aligned_to_the_right() -> None:
    assert as_table([["n", "speed"], ["64", "1"]]) == " n  speed\n64      1"


def test_a_machine_has_cores_and_versions() -> None:
    machine = describe_machine()
    assert machine["cores"] >= 1
    assert machine["versions"]["mujoco"].startswith("3.")


def test_prints_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    machine = print_machine()
    printed = capsys.readouterr().out
    assert f"{machine['cores']} cores" in printed
    assert f"torch {machine['versions']['torch']}" in printed
    assert "None" not in printed


def test_writes_results_with_the_options_that_matter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "new" / "result.json"
    options = argparse.Namespace(rounds=3, output=output, run=print, command="bench", benchmark="policy")
    write_json("policy", {"cores": 2}, options, rows=[{"ratio": 2.0}])
    assert json.loads(output.read_text()) == {
        "benchmark": "policy",
        "machine": {"cores": 2},
        "options": {"rounds": 3},
        "rows": [{"ratio": 2.0}],
    }
    assert str(output) in capsys.readouterr().out
