import json
from pathlib import Path

import pytest

from rl_pipeline.cli import main
from rl_pipeline.commands import doctor as command
from rl_pipeline.doctor import CHECKS, Finding

SUBJECTS = {
    "python",
    "packages",
    "processor",
    "disk",
    "gpu",
    "graphics",
    "ros",
    "ports",
    "slurm",
    "unity",
    "wandb",
}


def test_every_subject_is_reported_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json"])
    findings = json.loads(capsys.readouterr().out)
    assert {finding["subject"] for finding in findings} >= SUBJECTS
    for finding in findings:
        assert finding["level"] in {"ok", "warning", "error"}
        assert finding["text"]
        assert bool(finding["remedy"]) == (finding["level"] != "ok")


def test_quiet_shows_only_errors_and_fails_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unity = next(check for check in CHECKS if "unity" in check.__module__)
    monkeypatch.setattr("rl_pipeline.doctor.CHECKS", (unity,))
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--quiet"]) == 0
    assert capsys.readouterr().out == ""

    Path("x.yaml").write_text("environment: {id: CartPole-v1}\n")
    Path("config.yml").write_text("experiment: x.yaml\nunity: {build_path: absent}\n")
    assert main(["doctor", "--quiet"]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("error    unity: the build absent does not exist\n         remedy: ")
    assert "1 error found" in captured.err


def test_a_line_without_remedy() -> None:
    assert command.line(Finding("disk", "ok", "plenty")) == "ok       disk: plenty"
