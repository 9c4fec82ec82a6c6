"""An ONNX file that says itself what it observes and commands, and files that do not."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rl_pipeline.policies.exported import KEY, load_exported
from rl_pipeline.policies.policy import PolicyFileError
from rl_pipeline.policies.spec import PolicySpec, Signal, spec_to_json

from .graphs import WEIGHTS, linear

HIGH = np.full(4, np.inf, np.float32)
OBSERVATION = Signal("box", (4,), "float32", -HIGH, HIGH, ("a", "b", "c", "d"), ("m", "m/s", "rad", "rad/s"))
LIMITS = np.array([0.1, 1.0 / 3.0], np.float32)
ACTION = Signal("box", (2,), "float32", -LIMITS, LIMITS, ("hip", "knee"), ("Nm",) * 2)
SPEC = PolicySpec("onnx", OBSERVATION, OBSERVATION, ACTION, rate=1.0 / 3.0)


def document(spec: PolicySpec = SPEC, **entries: Any) -> dict[str, Any]:
    return {"format": 1, "policy": spec_to_json(spec), "safe_action": [0.0, 0.0], **entries}


def export(path: Path, text: str) -> Path:
    return linear(path, metadata={KEY: text})


def test_a_file_comes_with_its_spec(tmp_path: Path) -> None:
    file = export(tmp_path / "policy.onnx", json.dumps(document(run="walker"), allow_nan=False))
    exported = load_exported(file)
    np.testing.assert_array_equal(exported.spec.action.high, LIMITS)
    np.testing.assert_array_equal(exported.spec.observation.low, -HIGH)  # type: ignore[union-attr]
    assert (exported.spec.rate, exported.document["run"]) == (1.0 / 3.0, "walker")
    assert exported.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    actions, _ = exported.policy.act(np.ones((3, 4), np.float32), None, np.ones(3, bool))
    np.testing.assert_allclose(actions, np.ones((3, 4)) @ WEIGHTS, rtol=1e-6)


def test_a_file_without_metadata_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="no metadata under the key 'rl_pipeline'; export it"):
        load_exported(linear(tmp_path / "policy.onnx"))
    with pytest.raises(PolicyFileError, match=r"absent\.onnx cannot be loaded"):
        load_exported(tmp_path / "absent.onnx")


def test_a_newer_document_is_refused(tmp_path: Path) -> None:
    file = export(tmp_path / "policy.onnx", json.dumps({**document(), "format": 2}))
    with pytest.raises(PolicyFileError, match="newer version of rl_pipeline: its metadata have format 2"):
        load_exported(file)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", json.dumps({"format": 1}), json.dumps({**document(), "format": "1"})]
)
def test_a_damaged_document_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="its metadata are damaged"):
        load_exported(export(tmp_path / "policy.onnx", text))


def test_a_document_of_another_graph_is_refused(tmp_path: Path) -> None:
    other = PolicySpec("onnx", ACTION, ACTION, ACTION)
    with pytest.raises(PolicyFileError, match="but its metadata say"):
        load_exported(export(tmp_path / "policy.onnx", json.dumps(document(other))))
