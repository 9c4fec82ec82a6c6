import signal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.ros_network import RosNetwork

if TYPE_CHECKING:
    from .conftest import Participant


def test_an_interrupted_simulation_serves_its_clients_on(
    ros_network: RosNetwork, participant: "Participant", experiment: Path
) -> None:
    from rl_interfaces.srv import Close, Open, Reset

    with ros_network.node("rl_nodes", "simulation", "-p", f"config:={experiment}") as process:
        session = participant.call(Open, "/simulation/open", client="one").session
        process.send_signal(signal.SIGINT)
        assert not participant.call(Reset, "/simulation/reset", session=session, sequence=1).error
        participant.call(Close, "/simulation/close", session=session)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "ends when its clients have" in output


def test_the_session_of_a_client_that_has_left_keeps_no_interrupted_simulation(
    ros_network: RosNetwork, participant: "Participant", experiment: Path
) -> None:
    from rl_interfaces.srv import Open

    with ros_network.node("rl_nodes", "simulation", "-p", f"config:={experiment}") as process:
        assert participant.call(Open, "/simulation/open", client="one").session
        participant.leave()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=40)  # less than a silent client is waited for
    assert process.returncode == 0, output


def test_a_second_interrupt_ends_a_simulation_at_once(
    ros_network: RosNetwork, participant: "Participant", experiment: Path
) -> None:
    from rl_interfaces.srv import Open, Reset

    with ros_network.node("rl_nodes", "simulation", "-p", f"config:={experiment}") as process:
        session = participant.call(Open, "/simulation/open", client="one").session
        process.send_signal(signal.SIGINT)
        assert not participant.call(Reset, "/simulation/reset", session=session, sequence=1).error
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert "Traceback" not in output
