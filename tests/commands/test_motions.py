"""`rl-pipeline motions`."""

from pathlib import Path

import imageio.v3 as iio
import numpy as np

from rl_pipeline.datasets.motion_file import load_motion
from tests.datasets.motions import FREE

from .conftest import Command

HEADER = "time,x,y,z,qx,qy,qz,qw,left_hip,right_hip\n"


def write_table(path: Path, header: str = HEADER) -> None:
    rows = [
        f"{0.05 * i},{0.05 * i},0,1,0,0,0,1,{0.3 * np.sin(i / 3)},{-0.3 * np.sin(i / 3)}" for i in range(21)
    ]
    path.write_text(header + "\n".join(rows) + "\n")


def test_inspect_prints_a_table_and_draws(command: Command) -> None:
    outcome = command(
        "motions", "inspect", "planar_walker_walk", "--model", "planar_walker", "--plot", "walk.png"
    )
    assert outcome.status == 0, outcome.error
    for text in (
        "1.25 m/s",
        "Apache-2.0",
        "right_knee",
        "contact of left_foot",
        "deepest in the ground: 0.0 mm",
    ):
        assert text in outcome.output
    assert Path("walk.png").stat().st_size > 20_000


def test_convert_makes_a_motion_of_a_table(command: Command) -> None:
    write_table(Path("a.csv"))
    words = [
        "--end",
        "0.9",
        "--dt",
        "0.02",
        "--mirror",
        "--smooth",
        "0.25",
        "--name",
        "swing",
        "--licence",
        "CC0-1.0",
    ]
    outcome = command("motions", "convert", "a.csv", "out/swing.npz", *words)
    assert (outcome.status, outcome.output) == (0, "out/swing.npz (46 frames, 0.9 s)\n"), outcome.error
    motion = load_motion("out/swing.npz")
    assert (motion.name, motion.licence, motion.joint_names) == (
        "swing",
        "CC0-1.0",
        ("left_hip", "right_hip"),
    )
    assert motion.joint_positions[10, 1] > 0 > motion.joint_positions[10, 0]


def test_play_films_on_a_model_without_a_display(command: Command) -> None:
    write_table(Path("a.csv"))
    Path("robot.xml").write_text(FREE)
    outcome = command("motions", "play", "a.csv", "--model", "robot.xml", "--video", "a.mp4")
    assert (outcome.status, outcome.output) == (0, "a.mp4 (51 frames)\n"), outcome.error
    first, last = (iio.imread("a.mp4", index=index).astype(int) for index in (0, 25))
    assert np.abs(first - last).max() > 50, "nothing moves"


def test_play_repeats_cycles(command: Command) -> None:
    words = ["--model", "planar_walker", "--cycles", "2", "--video", "walk.mp4"]
    outcome = command("motions", "play", "planar_walker_walk", *words)
    assert outcome.output == "walk.mp4 (111 frames)\n", outcome.error


def test_names_are_mapped_or_refused(command: Command) -> None:
    write_table(Path("a.csv"), HEADER.replace("left_hip", "hip_l"))
    Path("robot.xml").write_text(FREE)
    refused = command("motions", "inspect", "a.csv", "--model", "robot.xml")
    assert refused.status == 2
    assert "left_hip: the motion does not have this joint of the model" in refused.error
    assert "--adapt" in refused.error
    mapped = command("motions", "inspect", "a.csv", "--model", "robot.xml", "--map", "left_hip=-hip_l")
    assert mapped.status == 0, mapped.error
    adapted = command("motions", "inspect", "a.csv", "--model", "robot.xml", "--adapt")
    assert "adapted: left_hip: the motion does not have this joint" in adapted.output
    wrong = command("motions", "inspect", "a.csv", "--model", "robot.xml", "--map", "left_hip")
    assert (wrong.status, "must be pairs of joints" in wrong.error) == (2, True)


def test_clips_of_a_file_are_listed(command: Command) -> None:
    from tests.datasets.readers.test_cmu import CLIPS

    outcome = command("motions", "inspect", str(CLIPS))
    assert outcome.output == "2 clips; --clip shows one of them\ncmuv2019_001\ncmuv2019_002\n"
    outcome = command("motions", "inspect", str(CLIPS), "--clip", "cmuv2019_002")
    assert "lfemurrx" in outcome.output


def test_what_cannot_be_read_is_refused(command: Command) -> None:
    outcome = command("motions", "inspect", "planar_walker_wak")
    assert outcome.status == 2
    assert "did you mean: planar_walker_walk ?" in outcome.error
    write_table(Path("a.csv"), "")
    outcome = command("motions", "convert", "a.csv", "a.npz", "--rate", "0")
    assert outcome.status == 2
    assert "must be a number above 0" in outcome.error
