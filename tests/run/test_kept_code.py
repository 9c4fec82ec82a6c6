"""A run keeps all that its environment is made of, or is refused before its training."""

import logging
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rl_pipeline.config.errors import ConfigError
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.run import code_copy
from rl_pipeline.run.final_evaluation import evaluate_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.kept_code import keep_user_code
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.plan import Plan, plan_resume
from rl_pipeline.run.train import run_plan
from rl_pipeline.run.user_code import code_files, find_user_code, name_user_code

from .conftest import MakeConfig

CART = """
from pathlib import Path
import gymnasium
import numpy as np
{imports}

class Cart(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, file=None):
        self.value = float({value})

    def reset(self, *, seed=None, options=None):
        return np.array([self.value], np.float32), {{}}

    def step(self, action):
        return np.array([self.value], np.float32), self.value, True, False, {{}}
"""

ROVER = """
from pathlib import Path
import numpy as np
import yaml
from rewards.speed import speed_reward
from rl_pipeline.envs.mujoco.task import Task

HERE = Path(__file__).parent
SETTINGS = yaml.safe_load((HERE / "settings" / "rover.yaml").read_text())


class Rover(Task):
    model = HERE / ".." / "models" / "rover.xml"
    max_episode_steps = SETTINGS["max_episode_steps"]

    def observe(self, batch):
        return np.concatenate([batch.qpos, batch.qvel], axis=1)

    def reward(self, batch, action):
        return speed_reward(batch)
"""

MODEL = """
<mujoco>
  <compiler meshdir="parts/meshes" texturedir="parts/textures"/>
  <include file="parts/assets.xml"/>
  <worldbody>
    <light pos="0 0 3"/>
    <geom type="hfield" hfield="hills"/>
    <body pos="0 0 1">
      <joint name="slide" type="slide" axis="1 0 0" limited="false"/>
      <geom type="mesh" mesh="hull" material="paint" mass="1"/>
    </body>
  </worldbody>
  <actuator><motor joint="slide" ctrlrange="-1 1" ctrllimited="true"/></actuator>
</mujoco>
"""

ASSETS = """
<mujocoinclude>
  <include file="parts/ground.xml"/>
  <asset>
    <mesh name="hull" file="hull.stl"/>
    <texture name="paint" type="2d" file="paint.png"/>
    <material name="paint" texture="paint"/>
  </asset>
</mujocoinclude>
"""

GROUND = (
    '<mujocoinclude><asset><hfield name="hills" file="hills.png" size="5 5 1 0.1"/></asset></mujocoinclude>'
)


def write_tetrahedron(path: Path) -> None:
    corners = np.array([[0, 0, 0], [0.2, 0, 0], [0, 0.2, 0], [0, 0, 0.2]], np.float32)
    faces = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    triangles = (struct.pack("<12fH", 0, 0, 0, *corners[list(face)].ravel(), 0) for face in faces)
    path.write_bytes(bytes(80) + struct.pack("<I", len(faces)) + b"".join(triangles))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command is started in."""
    folder = tmp_path / "my project é"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    (tmp_path / "run").mkdir()
    return RunFolder(tmp_path / "run")


class CartMaker:
    """Writes `cart.py`, whose observation is `value`, and a configuration that names it."""

    def __init__(self, project: Path, make_config: MakeConfig) -> None:
        self.project, self.make_config = project, make_config

    def __call__(self, value: str, imports: str = "", *overrides: str, file: str = "cart.py") -> Config:
        path = self.project / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CART.format(value=value, imports=imports))
        return self.make_config(f"{file}:Cart", "a2c", *overrides)


@pytest.fixture
def make_cart(project: Path, make_config: MakeConfig) -> CartMaker:
    return CartMaker(project, make_config)


def observed(config: Config) -> float:
    env = make_vector_env(config.environment, n_environments=1)
    observations, _ = env.reset()
    env.close()
    return float(observations[0, 0])


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def moved(run: RunFolder, place: Path) -> RunFolder:
    return RunFolder(run.path.rename(place))


@pytest.fixture
def rover(project: Path) -> str:
    """A task with a settings file, a package beside it, and a model of many files in another folder."""
    for folder in ("tasks/rewards", "tasks/settings", "models/parts/meshes", "models/parts/textures"):
        (project / folder).mkdir(parents=True)
    (project / "tasks/rover.py").write_text(ROVER)
    (project / "tasks/rewards/__init__.py").write_text("")
    (project / "tasks/rewards/speed.py").write_text(
        "from .weights import WEIGHT\n\ndef speed_reward(batch):\n    return WEIGHT * batch.qvel[:, 0]\n"
    )
    (project / "tasks/rewards/weights.py").write_text("WEIGHT = 2.0\n")
    (project / "tasks/settings/rover.yaml").write_text("max_episode_steps: 20\n")
    (project / "tasks/unused.bin").write_bytes(bytes(1000))
    (project / "models/rover.xml").write_text(MODEL)
    (project / "models/parts/assets.xml").write_text(ASSETS)
    (project / "models/parts/ground.xml").write_text(GROUND)
    write_tetrahedron(project / "models/parts/meshes/hull.stl")
    noise = np.random.default_rng(0).integers(0, 255, (8, 8), np.uint8)
    Image.fromarray(noise).save(project / "models/parts/hills.png")
    Image.fromarray(np.stack([noise] * 3, axis=2)).save(project / "models/parts/textures/paint.png")
    return "tasks/rover.py:Rover"


def test_a_model_of_many_files_survives_its_sources(
    rover: str, project: Path, make_config: MakeConfig, without_pictures: None, tmp_path: Path
) -> None:
    config = make_config(rover, "a2c", "environment.backend=mujoco", "training.training.total_timesteps=80")
    run = run_plan(Plan(config))[0]
    shutil.rmtree(project)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.chdir(elsewhere)
    run = moved(run, elsewhere / "run")
    assert files_in(run.path / "code") == [
        "models/parts/assets.xml",
        "models/parts/ground.xml",
        "models/parts/hills.png",
        "models/parts/meshes/hull.stl",
        "models/parts/textures/paint.png",
        "models/rover.xml",
        "tasks/rewards/__init__.py",
        "tasks/rewards/speed.py",
        "tasks/rewards/weights.py",
        "tasks/rover.py",
        "tasks/settings/rover.yaml",
    ]
    assert evaluate_checkpoint(run, choose_checkpoint(run, "final"), n_episodes=2)["lengths"] == [20, 20]
    _, result, _ = run_plan(plan_resume(str(run.path), ["training.training.total_timesteps=120"]))
    assert result.timestep == 120


@pytest.mark.parametrize(
    ("statement", "file"),
    [
        ("import helpers", "helpers.py"),
        ("import helpers as h; helpers = h", "helpers.py"),
        ("from tools import helpers", "tools/helpers.py"),
        ("import tools.helpers; helpers = tools.helpers", "tools/helpers.py"),
        ("from . import helpers", "helpers.py"),
    ],
)
def test_modules_beside_the_file_are_those_of_the_run(
    make_cart: CartMaker, run: RunFolder, project: Path, tmp_path: Path, statement: str, file: str
) -> None:
    helper = project / file
    helper.parent.mkdir(exist_ok=True)
    helper.write_text("VALUE = 0.25\n")
    config = make_cart("helpers.VALUE", statement)
    first = name_user_code(keep_user_code(config, run), run)
    helper.write_text("VALUE = 0.5\n")
    (tmp_path / "other").mkdir()
    other = RunFolder(tmp_path / "other")
    second = name_user_code(keep_user_code(config, other), other)
    shutil.rmtree(project)
    assert first == second
    assert [observed(find_user_code(kept, each)) for kept, each in [(first, run), (second, other)]] == [
        0.25,
        0.5,
    ]


def test_a_module_that_is_imported_later_is_kept(make_cart: CartMaker, run: RunFolder, project: Path) -> None:
    (project / "late.py").write_text("import later_still\n")
    (project / "later_still.py").write_text("")
    (project / "unrelated.py").write_text("")
    keep_user_code(make_cart("0.5", "def later():\n    import late\n"), run)
    assert files_in(run.path / "code") == ["cart.py", "late.py", "later_still.py"]


def test_a_file_in_a_package_keeps_its_place(make_cart: CartMaker, run: RunFolder, project: Path) -> None:
    config = make_cart("VALUE", "from ..values import VALUE", file="pkg/envs/cart.py")
    for file in ("pkg/__init__.py", "pkg/envs/__init__.py"):
        (project / file).write_text("")
    (project / "pkg/values.py").write_text("VALUE = 0.75\n")
    kept = name_user_code(keep_user_code(config, run), run)
    assert kept.environment.id == "code/pkg/envs/cart.py:Cart"
    assert observed(find_user_code(kept, run)) == 0.75


def test_files_of_a_folder_that_is_listed_are_kept(
    make_cart: CartMaker, run: RunFolder, project: Path
) -> None:
    (project / "tracks").mkdir()
    for number in range(3):
        np.save(project / f"tracks/{number}.npy", np.array(number / 4))
    keep_user_code(make_cart("np.load(sorted((Path(__file__).parent / 'tracks').glob('*'))[1])"), run)
    assert files_in(run.path / "code") == ["cart.py", "tracks/0.npy", "tracks/1.npy", "tracks/2.npy"]


def test_a_file_that_is_found_by_a_path_to_its_folder_s_neighbour_is_kept(
    make_cart: CartMaker, run: RunFolder, project: Path
) -> None:
    (project / "value.txt").write_text("0.5")
    value = "next(p for p in [Path(__file__).parent.parent / 'value.txt', __file__]).read_text()"
    config = make_cart(value, file="tasks/cart.py")
    kept = keep_user_code(config, run)
    assert files_in(run.path / "code") == ["tasks/cart.py", "value.txt"]
    (project / "value.txt").unlink()
    assert observed(kept) == 0.5


def test_a_file_among_the_arguments_is_kept(make_cart: CartMaker, run: RunFolder, project: Path) -> None:
    (project / "data").mkdir()
    (project / "data/value.txt").write_text("0.5")
    config = make_cart("open(file).read()", "", "environment.kwargs.file=data/value.txt")
    kept = name_user_code(keep_user_code(config, run), run)
    assert kept.environment.kwargs == {"file": "code/data/value.txt"}
    shutil.rmtree(project)
    assert observed(find_user_code(kept, run)) == 0.5


def test_a_model_among_the_arguments_of_gymnasium_is_kept(
    project: Path, make_config: MakeConfig, run: RunFolder
) -> None:
    import gymnasium

    assets = Path(gymnasium.__file__).parent / "envs/mujoco/assets"
    shutil.copy(assets / "inverted_pendulum.xml", project / "pole.xml")
    config = make_config("InvertedPendulum-v5", "a2c", "environment.kwargs.xml_file=./pole.xml")
    kept = name_user_code(keep_user_code(config, run), run)
    assert kept.environment.kwargs == {"xml_file": "code/pole.xml"}
    (project / "pole.xml").unlink()
    observed(find_user_code(kept, run))


def test_what_is_named_in_keep_is_kept(make_cart: CartMaker, run: RunFolder, project: Path) -> None:
    (project / "maps/north").mkdir(parents=True)
    (project / "maps/north/1.npy").write_bytes(b"")
    kept = keep_user_code(make_cart("0.5", "", "experiment.keep=[maps]"), run)
    assert files_in(run.path / "code") == ["cart.py", "maps/north/1.npy"]
    assert keep_user_code(kept, run) == kept
    with pytest.raises(ConfigError, match=r"experiment\.keep: does not exist"):
        keep_user_code(make_cart("0.5", "", "experiment.keep=[mpas]"), run)


def test_a_path_that_counts_from_the_working_folder_is_refused(
    make_cart: CartMaker, run: RunFolder, project: Path
) -> None:
    (project / "value.txt").write_text("0.5")
    with pytest.raises(
        ConfigError, match=r"value\.txt by a path that does not start at its own file(.|\n)*with_name"
    ):
        keep_user_code(make_cart("open('value.txt').read()"), run)
    assert files_in(run.path) == []


def test_a_file_that_c_code_reads_is_missed_before_the_training(
    make_cart: CartMaker, run: RunFolder, project: Path
) -> None:
    (project / "value.txt").write_text("0.5")
    read = (
        "import subprocess\n"
        "def read():\n"
        "    return subprocess.check_output(['cat', str(Path(__file__).with_name('value.txt'))], stderr=-3)\n"
    )
    config = make_cart("read()", read)
    with pytest.raises(ConfigError, match=r"is incomplete(.|\n)*experiment\.keep"):
        keep_user_code(config, run)
    kept = keep_user_code(make_cart("read()", read, "experiment.keep=[value.txt]"), run)
    (project / "value.txt").unlink()
    assert observed(kept) == 0.5


def test_an_absolute_path_elsewhere_is_only_mentioned(
    make_cart: CartMaker, run: RunFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    far = tmp_path / "data.txt"
    far.write_text("0.5")
    with caplog.at_level(logging.WARNING):
        keep_user_code(make_cart(f"open({str(far)!r}).read()"), run)
    assert files_in(run.path / "code") == ["cart.py"]
    assert f"reads {far} by an absolute path" in caplog.text


def test_an_absolute_path_in_a_model_is_refused(
    rover: str, project: Path, make_config: MakeConfig, run: RunFolder
) -> None:
    hull = project / "models/parts/meshes/hull.stl"
    assets = project / "models/parts/assets.xml"
    assets.write_text(ASSETS.replace("hull.stl", str(hull)))
    with pytest.raises(ConfigError, match=r"names .*hull\.stl by an absolute path"):
        keep_user_code(make_config(rover, "a2c", "environment.backend=mujoco"), run)


def test_more_than_a_run_should_hold_is_refused(
    make_cart: CartMaker, run: RunFolder, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "large.bin").write_bytes(bytes(3 * 2**20))
    monkeypatch.setattr(code_copy, "MAX_BYTES", 2**20)
    with pytest.raises(ConfigError, match=r"2 files of 3 MiB together(.|\n)*the largest is .*large\.bin"):
        keep_user_code(make_cart("len(Path(__file__).with_name('large.bin').read_bytes()) and 0.5"), run)
    assert not (run.path / "code").exists()


def test_sources_that_may_only_be_read_and_links_are_copied(
    make_cart: CartMaker, run: RunFolder, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "far.txt").write_text("0.5")
    (project / "value.txt").symlink_to(tmp_path / "far.txt")
    config = make_cart("Path(__file__).with_name('value.txt').read_text()")
    (project / "cart.py").chmod(0o444)
    project.chmod(0o555)
    kept = keep_user_code(config, run)
    project.chmod(0o755)
    (tmp_path / "far.txt").unlink()
    assert not (run.path / "code/value.txt").is_symlink()
    assert observed(kept) == 0.5


def test_worker_processes_use_the_copies(make_cart: CartMaker, run: RunFolder, project: Path) -> None:
    (project / "helpers.py").write_text("VALUE = 0.5\n")
    kept = keep_user_code(make_cart("helpers.VALUE", "import helpers", "environment.n_workers=2"), run)
    shutil.rmtree(project)
    os.chdir(run.path)
    env = make_vector_env(kept.environment)
    observations, _ = env.reset()
    env.close()
    assert observations.tolist() == [[0.5], [0.5]]


def test_a_run_with_nothing_but_the_named_file_still_loads(make_cart: CartMaker, run: RunFolder) -> None:
    config = make_cart("0.5")
    (run.path / "code").mkdir()
    shutil.move("cart.py", run.path / "code/cart.py")
    old = load_config_mapping({**config.model_dump(), "environment": {"id": "code/cart.py:Cart"}}).config
    found = find_user_code(old, run)
    assert keep_user_code(found, run) == found
    assert code_files(found) == [run.path / "code/cart.py"]
    assert observed(found) == 0.5
