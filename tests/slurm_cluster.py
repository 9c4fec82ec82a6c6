"""Slurm on this machine alone: two nodes, from files in a temporary folder, reached over the loopback."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
SYSTEM_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
PATIENCE = 300.0
"""Seconds after which what is waited for has failed, on however slow a machine."""

CONFIGURATION = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdParameters=config_overrides
SlurmdTimeout={node_timeout}
ReturnToService=2
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerParameters=bf_interval=1,sched_min_interval=0,sched_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=120
NodeName={nodes[0]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=4 RealMemory=8000
NodeName={nodes[1]} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=4 RealMemory=8000
PartitionName=main Nodes=ALL Default=YES PriorityTier=1
PartitionName=spare Nodes=ALL PriorityTier=1 GraceTime=100
PartitionName=urgent Nodes=ALL PriorityTier=2
"""
"""The credentials of jobs expire in 5 s, since a requeued job waits until they have; nothing but the main scheduler,
which comes every second, starts it then."""
NODES = ("node1", "node2")


def missing_programs() -> list[str]:
    """Name the programs of Slurm that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program, path=SYSTEM_PATH) is None]


def wait_until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


class SlurmCluster:
    """A cluster that runs.

    Attributes:
        environ: The variables by which Slurm's commands reach it.
    """

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self.environ = environ
        self._folder = folder
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def ask(self, *command: str, folder: Path | None = None) -> str:
        """Run a command of Slurm and return what it prints; it must succeed."""
        result = subprocess.run(
            command, cwd=folder, env=self.environ, text=True, capture_output=True, check=False
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def finish(self, *arguments: str) -> None:
        """Submit a job and wait until it has left the queue; `sbatch --wait` looks more and more rarely."""
        job = self.ask("sbatch", "--parsable", *arguments)
        wait_until(lambda: not self.ask("squeue", "--noheader", "--jobs", job), f"the end of job {job}")

    def states(self) -> list[str]:
        """List the states of all tasks that are not over, such as `PENDING`."""
        return self.ask("squeue", "--noheader", "--array", "--format=%T").split()

    def node_of(self, job: str) -> str:
        """Return the node that a job runs on; empty for a job that waits."""
        return self.ask("squeue", "--noheader", "--jobs", job, "--format=%N")

    def is_idle(self) -> bool:
        """Return whether all nodes are up and free; no answer means no."""
        command = ["sinfo", "--noheader", "--Node", "--format=%T"]
        result = subprocess.run(command, env=self.environ, text=True, capture_output=True, check=False)
        return set(result.stdout.split()) == {"idle"}

    def start(self, name: str, *command: str) -> None:
        """Start a daemon; what it says goes to a file."""
        with (self._folder / f"{name}.log").open("a") as log:
            self._daemons[name] = subprocess.Popen(
                command, env=self.environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait_until_saved(self, job: str) -> None:
        """Wait until the controller, which saves now and then, would know after a kill that a job runs."""
        saved, mark = self._folder / "controller" / "job_state", f"job_{job}_runs"
        self.ask("scontrol", "update", f"jobid={job}", f"comment={mark}")  # saved with it, or after it
        wait_until(lambda: saved.exists() and mark.encode() in saved.read_bytes(), f"job {job} to be saved")

    def start_controller(self) -> None:
        """Start the controller."""
        self.start("slurmctld", "slurmctld", "-D")

    def without_patience(self) -> dict[str, str]:
        """Return the variables of commands that give up at once on a controller that does not answer."""
        impatient = self._folder / "impatient.conf"
        impatient.write_text(Path(self.environ["SLURM_CONF"]).read_text() + "MessageTimeout=1\n")
        return {"SLURM_CONF": str(impatient)}

    def start_node(self, name: str) -> None:
        """Start the daemon of a node."""
        self.start(name, "slurmd", "-D", "-N", name)

    def kill_node(self, name: str) -> None:
        """End a node as a power cut does: its daemon and all processes of its jobs."""
        self.kill(name)
        tasks = [process for process in psutil.process_iter() if self._runs_on(process, name)]
        parents = {parent for task in tasks if (parent := task.parent()) is not None}
        keepers = [parent for parent in parents if parent.name() == "slurmstepd"]
        for process in [*keepers, *tasks]:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _runs_on(self, process: psutil.Process, node: str) -> bool:
        try:
            environ = process.environ()
        except psutil.Error:
            return False
        ours = environ.get("SLURM_CONF") == self.environ["SLURM_CONF"]
        return ours and environ.get("SLURMD_NODENAME") == node

    def kill(self, name: str) -> None:
        """Kill a daemon."""
        self._daemons[name].kill()
        self._daemons[name].wait(PATIENCE)

    def end(self) -> None:
        """End all daemons, the latest first."""
        for process in reversed(self._daemons.values()):
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def slurm_cluster(folder: Path, node_timeout: int = 300) -> Iterator[SlurmCluster]:
    """Run a cluster whose files lie in a folder; at the end its jobs are cancelled.

    Args:
        folder: An empty folder.
        node_timeout: Seconds of silence after which a node counts as lost.
    """
    environ = {**os.environ, "PATH": SYSTEM_PATH, "SLURM_CONF": str(folder / "slurm.conf")}
    (folder / "slurm.conf").write_text(configuration(folder, node_timeout))
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    munged = ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket"]
    munge_files = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "log", "pid", "seed")]
    cluster = SlurmCluster(environ, folder)
    try:
        cluster.start("munged", *munged, *munge_files)
        wait_until((folder / "munge.socket").exists, "munged")
        cluster.start_controller()
        for node in NODES:
            cluster.start_node(node)
        wait_until(cluster.is_idle, "idle nodes")
        with ending_jobs(cluster):
            yield cluster
    finally:
        cluster.end()


@contextmanager
def ending_jobs(cluster: SlurmCluster) -> Iterator[None]:
    """Cancel all jobs after the block, however it ends."""
    try:
        yield
    finally:
        cluster.ask("scancel", "--me")
        wait_until(lambda: cluster.states() == [], "the end of all jobs")


def configuration(folder: Path, node_timeout: int) -> str:
    """Write down the cluster, on ports that are free."""
    host, user = socket.gethostname().partition(".")[0], getpass.getuser()
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(1 + len(NODES))]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        ports = [listener.getsockname()[1] for listener in listeners]
    return CONFIGURATION.format(
        host=host, user=user, folder=folder, ports=ports, nodes=NODES, node_timeout=node_timeout
    )
