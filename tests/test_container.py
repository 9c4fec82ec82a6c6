"""The files of the container and the editor agree with each other and with the code; docker/check.bash tries them."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from rl_pipeline.commands import COMMANDS
from tests.documentation import DOCS, ROOT, commands

GPU, NO_GPU = "docker-compose.yml", "docker-compose.no-gpu.yml"
SERVICES = ["dev", "train", "tensorboard", "unity-endpoint"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EDITOR_FILES = [ROOT / ".devcontainer/devcontainer.json", ROOT / ".devcontainer/no-gpu/devcontainer.json"]


def compose(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text())


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", [GPU, NO_GPU])
def test_each_service_has_the_profile_of_its_name_and_is_the_common_one(name: str) -> None:
    services = compose(name)["services"]
    assert list(services) == SERVICES
    for service, settings in services.items():
        assert settings["profiles"] == [service]
        assert settings["extends"] == {"file": "docker/services.yml", "service": service}


def test_a_gpu_is_asked_for_in_one_of_the_files_only() -> None:
    reserved = compose(GPU)["services"]
    [device] = reserved["train"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert reserved["dev"]["deploy"] == reserved["train"]["deploy"]
    assert not any("deploy" in settings for settings in compose(NO_GPU)["services"].values())


def test_ports_are_open_to_this_host_alone() -> None:
    services = compose("docker/services.yml")["services"]
    ports = {name: settings["ports"] for name, settings in services.items() if "ports" in settings}
    assert set(ports) == set(SERVICES)
    assert all(port.startswith("127.0.0.1:") for entries in ports.values() for port in entries)


def test_targets_and_user_are_those_of_the_dockerfile() -> None:
    targets = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.M)
    services = compose("docker/services.yml")["services"]
    assert {settings["build"]["target"] for settings in services.values() if "build" in settings} <= set(
        targets
    )
    [user] = re.findall(r"^ARG USER_NAME=(\w+)$", DOCKERFILE, re.M)
    assert f"caches:/home/{user}/.cache" in services["base"]["volumes"]
    assert {read_json(path)["remoteUser"] for path in EDITOR_FILES} == {user}


def test_nothing_secret_and_nothing_built_goes_into_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", ".env", ".venv", "experiments/*", "wandb"} <= set(ignored)


def test_the_editor_opens_the_service_for_development() -> None:
    for path in EDITOR_FILES:
        settings = read_json(path)
        file = (path.parent / settings["dockerComposeFile"]).resolve()
        assert settings["service"] in compose(file.name)["services"]
        interpreter = settings["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
        assert f"RL_PIPELINE_VENV={interpreter.removesuffix('/bin/python')} " in DOCKERFILE
        assert f"WORKDIR {settings['workspaceFolder']}\n" in DOCKERFILE
        scripts = re.findall(r"bash (\S+)", settings["postCreateCommand"])
        assert scripts
        assert all((ROOT / script).exists() for script in scripts)
    gpu, no_gpu = map(read_json, EDITOR_FILES)
    assert {key for key in gpu if gpu[key] != no_gpu[key]} == {"name", "dockerComposeFile"}


def test_tasks_start_what_there_is() -> None:
    known = {command.NAME for command in COMMANDS}
    tasks = read_json(ROOT / ".vscode" / "tasks.json")["tasks"]
    assert len(tasks) >= 5
    for task in tasks:
        for part in task["command"].split(" && "):
            program, argument = shlex.split(part)[:2]
            if program == "rl-pipeline":
                assert argument in known
            else:
                assert program in ("bash", "source")
                assert (ROOT / argument).exists()


def test_the_debugger_starts_what_there_is() -> None:
    known = {command.NAME for command in COMMANDS}
    modules = {}
    for entry in read_json(ROOT / ".vscode" / "launch.json")["configurations"]:
        modules.setdefault(entry.get("module"), []).append(entry.get("args", [""])[0])
    assert set(modules["rl_pipeline"]) <= known
    assert set(modules) == {"rl_pipeline", "pytest", None}


def test_keys_complete_by_the_schema() -> None:
    for schema in read_json(ROOT / ".vscode" / "settings.json")["yaml.schemas"]:
        assert "properties" in read_json(ROOT / schema)
    assert "redhat.vscode-yaml" in read_json(EDITOR_FILES[0])["customizations"]["vscode"]["extensions"]


def test_the_page_starts_services_that_there_are() -> None:
    lines = [
        shlex.split(line) for line in commands(DOCS / "container.md") if line.startswith("docker compose")
    ]
    assert len(lines) >= 4
    for line in lines:
        file = line[line.index("--file") + 1] if "--file" in line else GPU
        assert line[line.index("--profile") + 1] in compose(file)["services"]


def check_files(programs: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{programs}:/usr/bin:/bin", "DEVCONTAINER_SCHEMA": "file:///nowhere"}
    return subprocess.run(
        ["bash", "docker/check.bash", "files"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_check_says_what_it_could_not_check(tmp_path: Path) -> None:
    result = check_files(tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "not checked  schemas: there is no check-jsonschema" in result.stdout
    assert "not checked  VS Code attaches" in result.stdout


def test_the_check_fails_where_a_tool_finds_a_fault(tmp_path: Path) -> None:
    fault = tmp_path / "hadolint"
    fault.write_text("#!/bin/sh\necho 'Dockerfile:1 a fault'\nexit 1\n")
    fault.chmod(0o755)
    result = check_files(tmp_path)
    assert result.returncode == 1
    assert "Dockerfile:1 a fault" in result.stdout
    assert "FAILED       Dockerfiles by hadolint" in result.stdout
