"""Command line of the player, as of a Unity build."""

import argparse
import signal
import sys

from unity_build.player.faults import Faults


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read a Unity player's arguments and ours; what Unity would ignore is ignored."""
    parser = argparse.ArgumentParser("tank", description="Tanks that seek their targets, served as by Unity.")
    parser.add_argument("--mlagents-port", type=int, required=True, help="port of the training process")
    parser.add_argument("--ros-port", help="port of a ROS-TCP endpoint instead, with arguments of its own")
    parser.add_argument("-batchmode", action="store_true", help="accepted; there is no window anyway")
    parser.add_argument("-nographics", action="store_true", help="accepted; there are no graphics anyway")
    parser.add_argument("-logFile", help="accepted; what the player says goes to its standard output")
    parser.add_argument("--agents", type=int, help="number of tanks; default what the trainer asks for, or 1")
    parser.add_argument("--stagger", type=int, default=0, help="steps that a new tank is absent")
    parser.add_argument("--scripted", type=int, default=0, help="tanks of a second behaviour, Rival")
    parser.add_argument("--discrete", action="store_true", help="choices with masks instead of numbers")
    for fault in ("crash", "stall", "nan"):
        parser.add_argument(f"--{fault}-at", type=int, help="step at which to misbehave")
    parser.add_argument("--late", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--version", default="1.5.0", help="version of the protocol to announce")
    return parser.parse_known_args(arguments)[0]


def main() -> int:
    """Serve the task until the training process says that it is over."""
    if "--ros-port" in sys.argv:
        from unity_build.player.ros_tcp import main as serve_over_ros_tcp

        return serve_over_ros_tcp(sys.argv[1:])
    arguments = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    from unity_build.player.mlagents import MLAgentsPlayer
    from unity_build.player.steering import Choices, Numbers

    faults = Faults(
        arguments.crash_at, arguments.stall_at, arguments.nan_at, arguments.late, arguments.version
    )
    player = MLAgentsPlayer(
        arguments.mlagents_port,
        arguments.agents,
        arguments.scripted,
        arguments.stagger,
        Choices() if arguments.discrete else Numbers(),
        faults,
    )
    return player.run()
