"""Check that the ports of the project's servers are free."""

import socket

import psutil

from rl_pipeline.doctor.finding import Finding

PORTS = {10000: "the ROS-TCP endpoint", 5005: "Unity ML-Agents", 6006: "TensorBoard"}


def check() -> list[Finding]:
    """Try to listen on each port of the loopback interface."""
    taken = {port: purpose for port, purpose in PORTS.items() if not is_free(port)}
    if not taken:
        return [Finding("ports", "ok", f"{', '.join(map(str, PORTS))} are free")]
    return [
        Finding(
            "ports",
            "warning",
            f"{port} ({purpose}) is in use by {owner(port)}",
            "end that program, or use another port",
        )
        for port, purpose in taken.items()
    ]


def is_free(port: int) -> bool:
    """Return whether a server could listen on a port of 127.0.0.1."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def owner(port: int) -> str:
    """Return the name of the program that listens on a port, if this user may see it."""
    try:
        connections = psutil.net_connections("tcp")
        listening = [one for one in connections if one.status == psutil.CONN_LISTEN]
        pids = {one.pid for one in listening if one.laddr[1:] == (port,)}
        names = [f"{psutil.Process(pid).name()} (process {pid})" for pid in pids if pid]
    except psutil.Error:
        names = []
    return ", ".join(names) or "a program of another user"
