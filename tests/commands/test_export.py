"""`rl-pipeline export`: what it writes, says and refuses."""

from pathlib import Path

from rl_pipeline.policies.exported import load_exported
from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.folder import RunFolder

from .conftest import Command


def test_the_best_policy_is_exported(command: Command, trained: RunFolder) -> None:
    outcome = command("export", "tiny", "--out", "best.onnx")
    best = CheckpointStore(trained.checkpoints).find("best")
    assert (outcome.status, outcome.error) == (0, "")
    first, second, *missing = outcome.output.splitlines()
    assert first == f"best.onnx  checkpoint 'best' (timestep {best.timestep})"
    assert second == (
        "best.parity.json  largest error of an action 0.0e+00 over 1,000 observations: episodes of its environment"
    )
    assert [line.strip() for line in missing] == load_exported(Path("best.onnx")).document["missing"]


def test_files_that_exist_are_replaced_by_force_only(command: Command, trained: RunFolder) -> None:
    Path("policy.parity.json").write_text("mine")
    outcome = command("export", "tiny")
    assert outcome.status == 2
    assert "would replace policy.parity.json; give another --out, or add --force" in outcome.error
    assert not Path("policy.onnx").exists()
    assert command("export", "tiny", "--checkpoint", "init", "--force").status == 0
    document = load_exported(Path("policy.onnx")).document
    assert (document["checkpoint"], document["timestep"]) == ("init", 0)


def test_what_cannot_be_written_is_refused(command: Command, trained: RunFolder) -> None:
    refusals = {
        (
            "--out",
            "nowhere/a.onnx",
        ): f"--out: the folder {Path('nowhere').resolve()} does not exist; create it first",
        ("--out", "a.pt"): "'a.pt' must end in .onnx",
        ("--checkpoint", "bets"): "no checkpoint 'bets'",
    }
    for words, message in refusals.items():
        outcome = command("export", "tiny", *words)
        assert outcome.status == 2
        assert message in outcome.error


def test_a_training_exports_its_newest_policy(command: Command, trained: RunFolder) -> None:
    exported = load_exported(trained.exported)
    assert (exported.document["checkpoint"], exported.document["run"]) == ("final", trained.name)
    assert trained.parity.exists()


def test_a_training_need_not_export(command: Command) -> None:
    outcome = command("train", "--config", "tiny.yaml", "training.checkpoint.export=false")
    assert outcome.status == 0, outcome.error
    assert not list(Path("experiments").rglob("policy.onnx"))
