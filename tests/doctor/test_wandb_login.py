from pathlib import Path

import pytest

from rl_pipeline.doctor import wandb_login


def test_offline_needs_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert wandb_login.check()[0].level == "ok"


def test_an_account_is_found_without_asking_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    (finding,) = wandb_login.check()
    assert finding.level == "warning"
    assert "wandb login" in finding.remedy
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert wandb_login.check()[0].level == "ok"
