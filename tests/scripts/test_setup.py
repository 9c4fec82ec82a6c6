from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scripts.conftest import Checkout

OLD_PYTHON = f"""#!/bin/sh
exec {sys.executable} -c 'import sys; sys.version_info = (3, 9, 2); exec(sys.stdin.read())'
"""
PYTHON_WITHOUT_VENV = f"""#!/bin/sh
exec {sys.executable} -c 'import sys; sys.modules["ensurepip"] = None; exec(sys.stdin.read())'
"""
BROKEN_SHIM = "#!/bin/sh\necho 'pyenv: no such version' >&2; exit 127\n"


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


def test_first_start_says_what_it_does(ready: Checkout) -> None:
    assert f"Making {ready.venv}" in ready.first.stderr
    assert ready.first.stderr.endswith("Done.\n")
    assert f"under {ready.venv}" in ready.first.stdout


def test_second_start_calls_no_pip(ready: Checkout) -> None:
    log_before = ready.log.read_text()
    second = ready.start("launch_node.bash")
    assert second.returncode == 0
    assert second.stderr == ""
    assert ready.log.read_text() == log_before


def test_program_replaces_the_launcher_and_gets_its_arguments(ready: Checkout) -> None:
    process = ready.popen("launch_node.bash", "training.algorithm=sac", "experiment.name=a b")
    out, _ = process.communicate(timeout=300)
    assert "['launch', '--config', 'config.yml', 'training.algorithm=sac', 'experiment.name=a b']" in out
    assert f"in {ready.folder} as {process.pid} " in out


def test_status_of_the_program_is_the_launchers(ready: Checkout) -> None:
    (ready.folder / "fail_rl_pipeline").touch()
    result = ready.start("launch_node.bash")
    (ready.folder / "fail_rl_pipeline").unlink()
    assert result.returncode == 3


def test_launcher_may_be_reached_by_a_link(ready: Checkout, tmp_path: Path) -> None:
    (tmp_path / "train").symlink_to(ready.folder / "launch_node.bash")
    result = ready.start(str(tmp_path / "train"))
    assert f"under {ready.venv}" in result.stdout


def test_a_new_constraint_is_installed_into_what_is_there(ready: Checkout) -> None:
    ready.make_wheel("torch", "1.1")
    ready.pin("torch", "1.1")
    result = ready.start("launch_node.bash")
    assert result.returncode == 0, result.stderr
    assert "up to date" in result.stderr
    assert "Making" not in result.stderr
    assert ready.installed_version("torch") == "1.1"


def test_failing_pip_shows_its_last_lines_the_log_and_a_remedy(ready: Checkout) -> None:
    ready.pin("torch", "9.9")
    result = ready.start("launch_node.bash")
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"The last lines of {ready.log}:" in result.stderr
    assert "torch==9.9" in result.stderr
    assert "The index has no such version" in result.stderr

    ready.pin("torch", "1.0")
    repaired = ready.start("launch_node.bash")
    assert repaired.returncode == 0, repaired.stderr
    assert ready.installed_version("torch") == "1.0"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_setup_is_repaired(ready: Checkout, signum: signal.Signals) -> None:
    ready.make_wheel("torch", "1.1")
    ready.pin("torch", "1.1" if ready.installed_version("torch") == "1.0" else "1.0")
    (ready.folder / "hang").touch()
    process = ready.popen("launch_node.bash")
    wait_for(ready.folder / "hanging")
    os.killpg(process.pid, signum)
    out, _ = process.communicate(timeout=300)
    assert process.returncode != 0
    assert out == ""

    (ready.folder / "hang").unlink()
    (ready.folder / "hanging").unlink()
    again = ready.start("launch_node.bash")
    assert again.returncode == 0, again.stderr
    assert "an earlier set-up was interrupted" in again.stderr
    assert f"under {ready.venv}" in again.stdout


def test_two_starts_at_once_rebuild_a_broken_environment_once(ready: Checkout) -> None:
    for link in (ready.venv / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python3")
    (ready.folder / "hang").touch()
    first = ready.popen("launch_node.bash")
    wait_for(ready.folder / "hanging")
    second = ready.popen("launch_node.bash")
    assert second.stderr is not None
    assert "waiting" in second.stderr.readline()
    (ready.folder / "hang").unlink()
    (ready.folder / "hanging").unlink()
    _, first_errors = first.communicate(timeout=300)
    _, second_errors = second.communicate(timeout=300)
    assert (first.returncode, second.returncode) == (0, 0), first_errors + second_errors
    assert "rebuilt: it has no working Python" in first_errors
    assert second_errors == ""


def test_torch_comes_from_its_own_index_into_an_environment_elsewhere(
    checkout: Checkout, tmp_path: Path
) -> None:
    folder = tmp_path / "index" / "torch"
    checkout.make_wheel("torch", "1.0+cpu", folder)
    (folder / "index.html").write_text("<a href='torch-1.0+cpu-py3-none-any.whl'>torch</a>")
    only_indexes = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "file:///nowhere"}
    checkout.venv = tmp_path / "else where"
    result = checkout.start(
        "launch_node.bash",
        RL_PIPELINE_VENV=str(checkout.venv),
        RL_PIPELINE_TORCH_INDEX=folder.parent.as_uri(),
        **only_indexes,
    )
    assert result.returncode == 0, result.stderr
    assert "NVIDIA" not in result.stderr
    assert f"under {checkout.venv}" in result.stdout
    assert checkout.installed_version("torch") == "1.0+cpu"
    assert not (checkout.folder / ".venv").exists()


def test_moved_checkout_is_rebuilt_in_its_new_place(ready: Checkout) -> None:
    ready.move(ready.folder.with_name("moved"))
    result = ready.start("launch_node.bash")
    assert "rebuilt: it was moved" in result.stderr
    assert f"under {ready.venv}" in result.stdout


def test_missing_gpu_is_said_with_the_variable_that_saves_the_download(checkout: Checkout) -> None:
    checkout.fake_command("nvidia-smi", "#!/bin/sh\nexit 9\n")
    source = "source <(sed -n '/^advise_on_torch/,/^}/p' \"$0/scripts/install.bash\"); advise_on_torch"
    assert "RL_PIPELINE_TORCH_INDEX" in checkout.shell(source).stderr
    checkout.fake_command("nvidia-smi", "#!/bin/sh\necho 'GPU 0: NVIDIA'\n")
    assert checkout.shell(source).stderr == ""


def test_folder_that_is_no_environment_is_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    precious = tmp_path / "home" / "thesis.tex"
    precious.parent.mkdir()
    precious.write_text("years of work")
    result = checkout.start("launch_node.bash", RL_PIPELINE_VENV=str(precious.parent))
    assert result.returncode == 2
    assert "not a virtual environment" in result.stderr
    assert precious.read_text() == "years of work"


def test_unwritable_place_is_refused_with_the_remedy(checkout: Checkout) -> None:
    result = checkout.start("launch_node.bash", RL_PIPELINE_VENV="/proc/rl_pipeline/venv")
    assert result.returncode == 2
    assert "No permission to write /proc/rl_pipeline/venv" in result.stderr
    assert "RL_PIPELINE_VENV=" in result.stderr


def test_old_python_is_named_with_what_installs_a_newer_one(checkout: Checkout) -> None:
    old = checkout.fake_command("python3.9", OLD_PYTHON)
    result = checkout.start("launch_node.bash", RL_PIPELINE_PYTHON=str(old))
    assert result.returncode == 2
    assert f"{old} is Python 3.9.2; 3.11 or 3.12 is needed" in result.stderr
    assert "apt-get install -y python3 python3-venv" in result.stderr


def test_python_without_venv_is_named_with_its_package(checkout: Checkout) -> None:
    bare = checkout.fake_command("bare", PYTHON_WITHOUT_VENV)
    result = checkout.start("launch_node.bash", RL_PIPELINE_PYTHON=str(bare))
    assert result.returncode == 2
    assert f"apt-get install -y python3.{sys.version_info.minor}-venv" in result.stderr


def test_python_shim_that_does_not_start_is_passed_over(checkout: Checkout) -> None:
    expected = checkout.shell("find_python").stdout
    checkout.fake_command("python3.11", BROKEN_SHIM)
    checkout.fake_command("python3.12", BROKEN_SHIM)
    (checkout.bin / "python3").symlink_to(expected)
    result = checkout.shell("find_python")
    assert result.stdout == expected
    assert result.stderr == ""
