import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.tracking.wandb_download import MARK, download_run

pytestmark = pytest.mark.usefixtures("wandb_home")


@pytest.mark.parametrize(
    "reference",
    [
        "lab/robots/abcd1234",
        "wandb:",
        "wandb:robots/abcd1234",
        "wandb:a//c",
        "wandb:a/b/c/d",
        "wandb:../../..",
        "wandb:a/../b",
        "wandb:a/b/.ssh",
        "wandb:a/b/c\\d",
    ],
)
def test_a_malformed_reference_is_refused(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ConfigError, match=r"is not a run on W&B[\s\S]*write `wandb:entity/project/id`"):
        download_run(reference, tmp_path)


def test_without_a_login_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run `wandb login` or set WANDB_API_KEY"):
        download_run("wandb:lab/robots/abcd1234", tmp_path)


class FakeArtifact(SimpleNamespace):
    """An artifact with a `model.zip` and `files`, each None or what the file refers to instead of holding it."""

    files: dict[str, str | None] = {}  # noqa: RUF012 - of an instance

    @property
    def manifest(self) -> SimpleNamespace:
        return SimpleNamespace(entries={name: SimpleNamespace(ref=ref) for name, ref in self.files.items()})

    def download(self, root: str) -> str:
        assert (Path(root) / MARK).is_file()  # a download that is cut off is marked, too
        (Path(root) / "model.zip").write_text(self.version)
        return root


class FakeApi:
    """Stands for W&B's server, of which there is none for tests."""

    artifacts: tuple[FakeArtifact, ...] = ()

    def __init__(self, timeout: int) -> None:
        pass

    def run(self, path: str) -> SimpleNamespace:
        if path != "lab/robots/abcd1234":
            raise ValueError(f"Could not find run {path}")
        return SimpleNamespace(logged_artifacts=lambda: iter(self.artifacts))


@pytest.fixture
def logged_in(wandb_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setattr("wandb.Api", FakeApi)


@pytest.mark.usefixtures("logged_in")
def test_the_newest_model_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [("v9", "model"), ("v10", "model"), ("v2", "model"), ("v11", "film")]
    artifacts = tuple(FakeArtifact(version=version, type=kind) for version, kind in kinds)
    monkeypatch.setattr(FakeApi, "artifacts", artifacts)
    folder = download_run("wandb:lab/robots/abcd1234", tmp_path / "download")
    assert folder == tmp_path / "download"
    assert (folder / "model.zip").read_text() == "v10"
    assert json.loads((folder / MARK).read_text()) == {"from": "wandb:lab/robots/abcd1234", "version": "v10"}


@pytest.mark.usefixtures("logged_in")
@pytest.mark.parametrize(
    ("name", "ref", "message"),
    [
        (MARK, None, "not a valid name in a run"),
        (f"./{MARK}", None, "not a valid name in a run"),
        (f"code/../{MARK}", None, "not a valid name in a run"),
        ("../victim.txt", None, "not a valid name in a run"),
        ("/etc/victim.txt", None, "not a valid name in a run"),
        ("config.yaml", "file:///etc/passwd", "refers to file:///etc/passwd"),
    ],
)
def test_an_artifact_with_foreign_files_is_not_downloaded(
    name: str, ref: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = FakeArtifact(version="v0", type="model", files={"model.zip": None, name: ref})
    monkeypatch.setattr(FakeApi, "artifacts", (artifact,))
    with pytest.raises(ConfigError, match=re.escape(message)):
        download_run("wandb:lab/robots/abcd1234", tmp_path / "download")
    assert not (tmp_path / "download").exists()


@pytest.mark.usefixtures("logged_in")
def test_a_run_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no model on W&B"):
        download_run("wandb:lab/robots/abcd1234", tmp_path)


@pytest.mark.usefixtures("logged_in")
def test_an_unknown_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="cannot be downloaded from W&B: Could not find run lab/robots/none"
    ):
        download_run("wandb:lab/robots/none", tmp_path)
