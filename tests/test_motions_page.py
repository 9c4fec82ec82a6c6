"""The commands, the table, the format and the experiment of docs/motions.md."""

import contextlib
import subprocess
import sys
from pathlib import Path

import mujoco
import pytest
import yaml

from rl_pipeline.config.deploy import load_deploy
from rl_pipeline.datasets import motion_file
from rl_pipeline.datasets.binding import bind
from rl_pipeline.datasets.model_files import load_model
from rl_pipeline.datasets.reading import library, read_motion
from rl_pipeline.envs.mujoco.factory import make_task
from rl_pipeline.envs.mujoco.tasks.reward_terms import PRESETS
from tests.documentation import DOCS, ROOT, blocks, commands, rl_pipeline, write_files

PAGE = DOCS / "motions.md"
SHORT = [
    "environment.n_environments=4",
    "training.algorithm_parameters.n_steps=64",
    "training.algorithm_parameters.batch_size=256",
    "training.training.total_timesteps=512",
    "training.training.eval.num_evals=1",
    "training.training.eval.num_episodes=1",
    "training.tensorboard=false",
    "evaluation.num_episodes=1",
]


@pytest.mark.timeout(900)  # several commands in one test
def test_the_commands_work_with_the_files_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "recording.csv").write_text(blocks(PAGE, "csv")[0])
    write_files(PAGE, tmp_path)
    with contextlib.chdir(tmp_path):
        for line in commands(PAGE):
            rl_pipeline(line, *(SHORT if " train " in line else ()))
    for name in ("walk.png", "walk.mp4", "recording.npz", "follows.mp4"):
        assert (tmp_path / name).stat().st_size > 1000
    [gait] = tmp_path.glob("experiments/*/*/*/gait")
    assert {file.suffix for file in gait.iterdir()} == {".png", ".csv", ".mp4", ".json"}


def test_a_model_and_a_motion_of_ones_own_are_trained(tmp_path: Path) -> None:
    write_files(PAGE, tmp_path)
    [text] = [text for text in blocks(PAGE, "text") if "cmu_humanoid.py" in text]
    make, _, train = text.splitlines()
    script = ROOT / make.split()[1]
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True, timeout=250)
    with contextlib.chdir(tmp_path):
        motion, model = read_motion("cmu_humanoid_squat.npz"), load_model("cmu_humanoid.xml")
        bound = bind(motion, model)
        assert bound.bodies.penetration.max() < 3e-3
        data = mujoco.MjData(model)
        for qpos in bound.qpos[::25]:
            data.qpos[:] = qpos
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            load = model.body_subtreemass[0] * 9.81 / 2
            needed = load * abs(data.subtree_com[0, 0] - data.body("lfoot").xpos[0])
            assert needed < 0.3 * model.actuator("lfootrx").forcerange[1], (
                "ankles are strong enough to balance"
            )
            for name in ("lfoot", "rfoot", "lfoot_ch", "rfoot_ch"):
                radius, half, _ = model.geom(name).size
                foot = data.geom(name)
                assert foot.xpos[2] - half * abs(foot.xmat[8]) - radius < 2e-3, "the sole is on the ground"
        rl_pipeline(
            train,
            *SHORT,
            "training.algorithm_parameters.n_steps=16",
            "training.algorithm_parameters.batch_size=64",
            "training.training.total_timesteps=64",
            "evaluation.video=false",
        )


def test_the_format_is_that_of_the_writer() -> None:
    tree = blocks(PAGE, "text")[0]
    assert motion_file.__doc__ is not None
    assert tree in motion_file.__doc__


def test_motions_and_presets_of_the_package_are_listed() -> None:
    text = PAGE.read_text()
    for name in (*library(), *PRESETS):
        assert f"`{name}`" in text


def test_the_terms_of_the_page_are_valid() -> None:
    terms = yaml.safe_load(blocks(PAGE, "text")[-1])
    make_task("MotionImitation-v0", terms)


def test_the_description_for_the_policy_node_is_valid(tmp_path: Path) -> None:
    write_files(PAGE, tmp_path)
    deploy = load_deploy(tmp_path / "walker.yaml")
    assert deploy.trigger == "observation"


def test_the_page_shows_when_the_configuration_stops() -> None:
    shown = yaml.safe_load(blocks(PAGE, "text")[1])["training"]["training"]
    loop = yaml.safe_load((ROOT / "configs" / "motion_walk_ppo.yaml").read_text())["training"]["training"]
    assert shown == {name: loop[name] for name in shown}
