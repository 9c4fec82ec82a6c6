import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Participant


def test_what_is_logged_is_published_with_level_and_place(participant: "Participant") -> None:
    from rcl_interfaces.msg import Log
    from rl_nodes.rosout import logged_to_rosout

    log = participant.collect(Log, "/rosout")
    logger = logging.getLogger("a.module")
    with logged_to_rosout(participant.node):
        logger.error("the disk is %s", "full")
    logger.error("nobody hears this")
    message = log.wait_for(lambda message: message.name == "a.module")
    assert (message.msg, message.level) == ("the disk is full", Log.ERROR)
    assert message.file == __file__
    assert message.function.startswith("test_what_is_logged")
    assert [one.msg for one in log.messages if one.name == "a.module"] == ["the disk is full"]
