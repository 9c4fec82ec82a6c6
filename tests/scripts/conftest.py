"""A small checkout, whose whole set-up takes seconds with its packages of a few bytes; the package as a wheel."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "rl-pipeline"
version = "0.1.0"
"""

# Builds the project without setuptools. It hangs while a file named `hang` is there, as a long download may.
BACKEND = """
import time, zipfile
from pathlib import Path

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    while Path("hang").exists():
        Path("hanging").touch()
        time.sleep(0.05)
    info = "rl_pipeline-0.1.0.dist-info"
    metadata = "Metadata-Version: 2.1\\nName: rl-pipeline\\nVersion: 0.1.0\\nProvides-Extra: test\\n"
    metadata += "".join(f"Requires-Dist: {name}; extra == 'test'\\n" for name in ("ruff", "mypy", "pytest"))
    with zipfile.ZipFile(Path(wheel_directory, "rl_pipeline-0.1.0-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("rl_pipeline.pth", str(Path.cwd()))
        wheel.writestr(f"{info}/METADATA", metadata)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return "rl_pipeline-0.1.0-py3-none-any.whl"
"""

# Stands in for the program and the tools: says how it was started, and fails if a file named after it asks so.
TOOL = """
import os, sys
from pathlib import Path
print("{name} got", sys.argv[1:], "in", os.getcwd(), "as", os.getpid(), "under", sys.prefix)
sys.exit(3 if Path("fail_{name}").exists() else 0)
"""


class Checkout:
    """A checkout in a folder of its own, started without this machine's settings of pip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my robots" / "rl pipeline"
        self.venv = self.folder / ".venv"
        self.bin = folder / "bin"
        self.wheels = folder / "wheels"
        self.first: subprocess.CompletedProcess[str] | None = None
        self._make_sources()
        self.bin.mkdir()
        (self.bin / f"python3.{sys.version_info.minor}").symlink_to(PYTHON)
        for name in ("torch", "ruff", "mypy", "pytest"):
            self.make_wheel(name, "1.0")
        self.env = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": "",
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
        }

    def _make_sources(self) -> None:
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        for launcher in ("launch_node.bash", "run_tests.bash"):
            shutil.copy(ROOT / launcher, self.folder)
        (self.folder / "pyproject.toml").write_text(PYPROJECT)
        (self.folder / "backend.py").write_text(BACKEND)
        (self.folder / "constraints.txt").write_text("torch==1.0\nruff==1.0\nmypy==1.0\npytest==1.0\n")
        (self.folder / "rl_pipeline").mkdir()
        (self.folder / "rl_pipeline" / "__init__.py").touch()
        (self.folder / "rl_pipeline" / "__main__.py").write_text(TOOL.format(name="rl_pipeline"))

    @property
    def log(self) -> Path:
        return self.venv / "setup.log"

    def move(self, folder: Path) -> None:
        """Renames the checkout, its environment with it."""
        self.folder.rename(folder)
        self.folder, self.venv = folder, folder / ".venv"

    def pin(self, name: str, version: str) -> None:
        """Replaces a line of constraints.txt."""
        constraints = self.folder / "constraints.txt"
        constraints.write_text(re.sub(f"(?m)^{name}==.*$", f"{name}=={version}", constraints.read_text()))

    def make_wheel(self, name: str, version: str, folder: Path | None = None) -> None:
        """Writes a wheel whose one package is executable with `python -m`."""
        info = f"{name}-{version}.dist-info"
        folder = folder or self.wheels
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/__init__.py", "")
            wheel.writestr(f"{name}/__main__.py", TOOL.format(name=name))
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    def installed_version(self, name: str) -> str:
        """Asks the environment's own Python."""
        code = f"import importlib.metadata; print(importlib.metadata.version({name!r}), end='')"
        return subprocess.check_output([self.venv / "bin" / "python", "-I", "-c", code], text=True)

    def popen(self, script: str, *arguments: str, **env: str) -> "subprocess.Popen[str]":
        """Starts a launcher from a folder that is not the checkout, as the leader of a process group."""
        return subprocess.Popen(
            ["bash", self.folder / script, *arguments],
            cwd="/",
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, script: str, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Runs a launcher to its end."""
        process = self.popen(script, *arguments, **env)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def shell(self, commands: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Runs commands in a shell that has sourced the scripts."""
        sources = 'set -euo pipefail; source "$0/scripts/setup.bash"; source "$0/scripts/system.bash"; '
        command = ["bash", "-c", sources + commands, str(self.folder)]
        return subprocess.run(command, env=self.env | env, capture_output=True, text=True, timeout=300)

    def fake_command(self, name: str, text: str) -> Path:
        """Puts an executable file in front of PATH."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a build leaves files beside its sources
    shutil.copytree(
        ROOT / "rl_pipeline", source / "rl_pipeline", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    wheel_options = ["--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([*pip, "wheel", *wheel_options, source], check=True, capture_output=True, timeout=300)
    return next(folder.glob("*.whl"))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose first set-up is done; each test leaves it ready."""
    checkout = Checkout(tmp_path_factory.mktemp("ready"))
    checkout.first = checkout.start("launch_node.bash")
    assert checkout.first.returncode == 0, checkout.first.stderr
    return checkout
