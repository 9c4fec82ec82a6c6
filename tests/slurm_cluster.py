"""Slurm on this machine alone: one node, from files in a temporary folder, reached over the loopback."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
SYSTEM_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
PATIENCE = 120.0
"""Seconds after which what is waited for has failed, on however slow a machine."""

CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/node
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
SchedulerParameters=bf_interval=1,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
KillWait=120
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000
PartitionName=main Nodes=ALL Default=YES
"""


def missing_programs() -> list[str]:
    """Name the programs of Slurm that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program, path=SYSTEM_PATH) is None]


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


class SlurmCluster:
    """A cluster that runs.

    Attributes:
        environ: The variables by which Slurm's commands reach it.
    """

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ

    def ask(self, *command: str, folder: Path | None = None) -> str:
        """Run a command of Slurm and return what it prints, errors included."""
        result = subprocess.run(
            command, cwd=folder, env=self.environ, text=True, capture_output=True, check=False
        )
        return (result.stdout + result.stderr).strip()


@contextmanager
def slurm_cluster(folder: Path) -> Iterator[SlurmCluster]:
    """Run a cluster whose files lie in a folder; at the end its jobs are cancelled."""
    environ = {**os.environ, "PATH": SYSTEM_PATH, "SLURM_CONF": str(folder / "slurm.conf")}
    (folder / "slurm.conf").write_text(configuration(folder))
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    munged = ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket"]
    munge_files = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "log", "pid", "seed")]
    cluster = SlurmCluster(environ)
    with ExitStack() as stack:
        stack.enter_context(daemon([*munged, *munge_files], environ, folder))
        wait_until((folder / "munge.socket").exists, "munged")
        stack.enter_context(daemon(["slurmctld", "-D"], environ, folder))
        stack.enter_context(daemon(["slurmd", "-D"], environ, folder))
        wait_until(lambda: cluster.ask("sinfo", "-h", "-o", "%T") == "idle", "an idle node")
        stack.callback(wait_until, lambda: not cluster.ask("squeue", "-h"), "the end of all jobs")
        stack.callback(cluster.ask, "scancel", "--partition=main")
        yield cluster


def configuration(folder: Path) -> str:
    """Write down the cluster, on two ports that are free."""
    host, user = socket.gethostname().partition(".")[0], getpass.getuser()
    with socket.socket() as first, socket.socket() as second:
        for listener in (first, second):
            listener.bind(("127.0.0.1", 0))
        controller_port, node_port = (listener.getsockname()[1] for listener in (first, second))
    return CONFIGURATION.format(
        host=host, user=user, folder=folder, controller_port=controller_port, node_port=node_port
    )


@contextmanager
def daemon(command: list[str], environ: dict[str, str], folder: Path) -> Iterator[None]:
    """Run a program until the end of the `with` block; what it says goes to a file."""
    with (folder / f"{command[0]}.log").open("w") as log:
        process = subprocess.Popen(
            command, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)
