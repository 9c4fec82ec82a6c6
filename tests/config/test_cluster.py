"""Profiles of clusters, and the section `cluster` of an experiment."""

from pathlib import Path

import pytest

from rl_pipeline.config.cluster import Cluster, load_cluster, profile_names
from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import dump_config

MINIMAL = {"environment": {"id": "CartPole-v1"}}


def written(folder: Path, text: str) -> str:
    file = folder / "profile.yaml"
    file.write_text(text)
    return str(file)


def test_a_profile_is_found_by_its_name_in_the_working_directory_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_cluster("supercloud").gpu_type == "volta"
    folder = tmp_path / "configs" / "clusters"
    folder.mkdir(parents=True)
    (folder / "supercloud.yaml").write_text("cluster: {partition: mine}")
    (folder / "lab.yaml").write_text("cluster: {}")
    monkeypatch.chdir(tmp_path)
    assert load_cluster("supercloud") == Cluster(partition="mine")
    assert {"lab", "euler", "openmind", "slurm", "supercloud"} <= set(profile_names())


def test_the_section_of_an_experiment_is_stronger_and_the_command_line_strongest(tmp_path: Path) -> None:
    profile = written(tmp_path, "cluster: {time: 08:00:00, cpus: 4, gpus: 2, setup: [module load cuda]}")
    mapping = MINIMAL | {"cluster": {"gpus": 0, "memory": "8G", "environment": {"N": 1}}}
    section = load_config_mapping(mapping, ["cluster.cpus=2"]).config.cluster
    cluster = load_cluster(profile, section)
    assert (cluster.minutes, cluster.cpus, cluster.gpus, cluster.memory) == (480, 2, 0, "8G")
    assert cluster.setup == ["module load cuda"]
    assert cluster.environment == {"N": "1"}


def test_a_run_does_not_keep_the_section() -> None:
    config = load_config_mapping(MINIMAL | {"cluster": {"cpus": 2}}).config
    assert "cluster" not in dump_config(config)


@pytest.mark.parametrize(
    ("time", "minutes"), [("00:00:30", 1), ("24:00:00", 1440), ("2-01:00:30", 2941), ("100:00:00", 6000)]
)
def test_time_limits_are_slurms_in_minutes(time: str, minutes: int) -> None:
    assert Cluster(time=time).minutes == minutes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "cluster: {partitions: gpu}",
            ["profile.yaml:1: cluster.partitions: unknown key", "did you mean: partition"],
        ),
        ("cluster: {time: 90}", ["cluster.time: must be text", "value: 90"]),
        ("cluster: {time: 1h}", ["cluster.time: is not a duration", "valid: HH:MM:SS", "24:00:00"]),
        ("cluster: {time: '00:00:00'}", ["cluster.time: is not a duration"]),
        ("cluster: {environment: {A-B: x}}", ["'A-B' cannot be the name of a variable"]),
        ("cluster: {signal_lead: 3600, time: 01:00:00}", ["must be less than the time limit of 01:00:00"]),
        ("{}", ["cluster"]),
    ],
)
def test_mistakes_are_refused_with_their_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_cluster(written(tmp_path, text))
    for part in expected:
        assert part in str(refusal.value)


@pytest.mark.parametrize(("name", "nearest"), [("supercluod", "supercloud"), ("nowhere/profile.yaml", None)])
def test_an_unknown_profile_is_refused_with_those_there_are(name: str, nearest: str | None) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_cluster(name)
    [problem] = refusal.value.problems
    assert problem.nearest == nearest
    assert {"euler", "slurm"} <= set(problem.valid)
