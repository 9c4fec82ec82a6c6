"""A Slurm that the tests of this folder submit to, and a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import PostgresServer, postgres_server
from tests.search.slurm_trainings import Trainings
from tests.slurm_cluster import SlurmCluster, ending_jobs, missing_programs, slurm_cluster


@pytest.fixture(scope="module")
def running_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    if missing_programs():
        pytest.skip(f"not installed: {', '.join(missing_programs())}")
    with slurm_cluster(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster


@pytest.fixture
def cluster(running_cluster: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmCluster]:
    """A cluster that this process submits to, without jobs of other tests."""
    monkeypatch.setenv("SLURM_CONF", running_cluster.environ["SLURM_CONF"])
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with ending_jobs(running_cluster):
        yield running_cluster


@pytest.fixture
def trainings(cluster: SlurmCluster, tmp_path: Path) -> Trainings:
    return Trainings(tmp_path, cluster)


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    with postgres_server() as running:
        yield running
