"""Records until it is killed: FOLDER."""

import sys
import time
from itertools import count
from pathlib import Path

from rl_pipeline.deploy.recording import Recorder
from tests.deploy.recorded import DOCUMENT, SHA256, cycle

recorder = Recorder(Path(sys.argv[1]) / "robot.mcap", DOCUMENT, SHA256, max_bytes=2**24)
for number in count():
    recorder.write(cycle(number))
    time.sleep(0.001)
