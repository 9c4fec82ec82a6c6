"""Launchers of the runs of a sweep: on this machine, or on a cluster."""

import yaml

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.cluster import Cluster, load_cluster
from rl_pipeline.config.sweep import Sweep
from rl_pipeline.config.yaml_dialect import ConfigDumper
from rl_pipeline.search.folder import SweepFolder
from rl_pipeline.search.launcher import Launcher
from rl_pipeline.search.local import LocalLauncher


def use_cluster(folder: SweepFolder, cluster: Cluster) -> None:
    """Train the runs of a sweep on a cluster from now on."""
    with atomic_write(folder.cluster, mode="w") as file:
        yaml.dump({"cluster": cluster.model_dump()}, file, Dumper=ConfigDumper, sort_keys=False)


def make_launcher(folder: SweepFolder, sweep: Sweep) -> Launcher:
    """Make the launcher of a sweep's runs.

    Raises:
        RefusedError: The sweep uses a cluster, but Slurm is not installed here.
        ConfigError: The profile of the cluster has errors.
    """
    if not folder.cluster.exists():
        return LocalLauncher(folder.path, sweep.workers)
    from rl_pipeline.search.slurm import SlurmLauncher

    return SlurmLauncher(load_cluster(str(folder.cluster)), folder.jobs)
