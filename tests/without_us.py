"""What a machine needs that has Stable-Baselines3 only: Python without `rl_pipeline`, and what a pickle imports."""

import base64
import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

BLOCK = """\
import sys

sys.modules["rl_pipeline"] = None
try:
    import rl_pipeline.learners
except ImportError:
    pass
else:
    raise SystemExit("rl_pipeline was imported")
"""


def run_without_us(program: str, folder: Path) -> str:
    """Run a program in a folder and return what it prints."""
    result = subprocess.run(
        [sys.executable, "-I", "-c", f"{BLOCK}\n{program}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


class Recorder(pickle.Unpickler):
    """Unpickles and notes from which modules classes and functions are imported."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.modules: set[str] = set()

    def find_class(self, module: str, name: str, /) -> Any:
        self.modules.add(module)
        return super().find_class(module, name)


def modules_in_pickle(content: bytes) -> set[str]:
    """Name the modules that a pickle imports."""
    recorder = Recorder(content)
    recorder.load()
    return recorder.modules


def modules_in_model(path: Path) -> set[str]:
    """Name the modules that the pickles in a `model.zip` import."""
    with zipfile.ZipFile(path) as archive:
        data = json.loads(archive.read("data"))
    pickles = [
        entry[":serialized:"]
        for entry in data.values()
        if isinstance(entry, dict) and ":serialized:" in entry
    ]
    assert pickles
    return set().union(*(modules_in_pickle(base64.b64decode(text)) for text in pickles))


def of_ours(modules: set[str]) -> set[str]:
    """Choose those of `rl_pipeline`."""
    return {module for module in modules if module.partition(".")[0] == "rl_pipeline"}
