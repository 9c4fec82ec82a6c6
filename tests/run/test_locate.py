from collections.abc import Callable
from pathlib import Path

import pytest

from rl_pipeline.run.checkpoint_store import CheckpointStore
from rl_pipeline.run.checkpoints import CheckpointError, write_checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import NotFoundError, choose_checkpoint, find_policy, find_run, find_seeds

MakeRun = Callable[..., RunFolder]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "experiments"


@pytest.fixture
def make_run(root: Path) -> MakeRun:
    """A run's folder with a configuration and checkpoints, but without a training."""

    def make(name: str, *checkpoints: tuple[str, int], parent: str = "CartPole-v1/ppo") -> RunFolder:
        run = RunFolder(root / parent / name)
        run.path.mkdir(parents=True)
        run.config.touch()
        for checkpoint, timestep in checkpoints:
            write_checkpoint(
                run.checkpoints / checkpoint,
                timestep,
                lambda folder: (folder / "model.zip").write_bytes(b"model") and None,
            )
        return run

    return make


def test_a_run_is_found_by_all_its_names(
    make_run: MakeRun, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = make_run("walk_2026-01-01_10-00-00")
    newer = make_run("walk_2026-01-02_10-00-00")
    make_run("run_2026-01-03_10-00-00")
    assert find_run("walk_2026-01-01_10-00-00", root) == older
    assert find_run("ppo/walk_2026-01-01_10-00-00", root) == older
    assert find_run(str(older.path), root) == older
    assert find_run("walk", root) == newer
    monkeypatch.chdir(root.parent)
    assert find_run("walk") == newer
    assert find_run("experiments/CartPole-v1/ppo/walk_2026-01-01_10-00-00").path == older.path


def test_the_name_of_an_experiment_stands_for_its_seeds(make_run: MakeRun, root: Path) -> None:
    def make(name: str, seed: int, parent: str = "CartPole-v1/ppo") -> RunFolder:
        run = make_run(name, parent=parent)
        environment, algorithm = parent.split("/")
        run.config.write_text(
            f"{{experiment: {{name: walk, seed: {seed}}}, environment: {{id: {environment}}}, "
            f"training: {{algorithm: {algorithm}}}}}"
        )
        return run

    older, newer = (make(f"walk_2026-01-0{day}_10-00-00", 0) for day in (1, 2))
    other_seed = make("walk_2026-01-03_10-00-00", 1)
    other_algorithm = make("walk_2026-01-04_10-00-00", 0, "CartPole-v1/sac")
    make_run("run_2026-01-05_10-00-00")
    assert set(find_seeds("walk", root)) == {newer, other_seed, other_algorithm}
    assert find_seeds(older.name, root) == find_seeds(str(older.path), root) == [older]
    assert find_seeds(f"CartPole-v1/ppo/{older.name}", root) == [older]
    with pytest.raises(NotFoundError, match="no run 'jump'"):
        find_seeds("jump", root)


@pytest.mark.parametrize(
    "link",
    ["checkpoints/best", "checkpoints", ".lock", "log.txt", "progress.csv", "videos", "code/deep/x.py"],
)
def test_a_run_with_a_link_out_of_its_folder_is_refused(
    link: str, make_run: MakeRun, root: Path, tmp_path: Path
) -> None:
    run = make_run("walk")
    (run.path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "victim").mkdir()
    (run.path / link).symlink_to(tmp_path / "victim")
    for name in ("walk", str(run.path)):
        with pytest.raises(
            NotFoundError, match=rf"{link} is a symbolic link to \S+/victim, out of the run's"
        ):
            find_run(name, root)


def test_links_within_a_run_and_those_of_wandb_are_left_alone(
    make_run: MakeRun, root: Path, tmp_path: Path
) -> None:
    run = make_run("walk", ("best", 100))
    (run.path / "newest").symlink_to("checkpoints/best")
    (run.path / "wandb").mkdir()
    (run.path / "wandb" / "debug-core.log").symlink_to(tmp_path / "core.log")
    assert find_run("walk", root) == run


@pytest.mark.parametrize("name", ["wlak", "walk_2026-01-01_10-00-01", "WALK"])
def test_a_wrong_name_gives_the_nearest(name: str, make_run: MakeRun, root: Path) -> None:
    make_run("walk_2026-01-01_10-00-00")
    make_run("swim_2026-01-01_10-00-00")
    with pytest.raises(NotFoundError, match=rf"no run '{name}'.*swim_2026.*Did you mean 'walk"):
        find_run(name, root)


def test_without_any_run_that_is_said(root: Path) -> None:
    with pytest.raises(NotFoundError, match=r"Runs in \S+experiments: none yet"):
        find_run("walk", root)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, root: Path) -> None:
    with pytest.raises(NotFoundError, match=r"is not the folder of a run: it has no config\.yaml"):
        find_run(str(tmp_path), root)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, "best"),
        ("model", "step_000000300"),
        ("init", "init"),
        ("200", "step_000000200"),
        ("best", "best"),
    ],
)
def test_checkpoints_are_chosen_by_name_or_timestep(
    name: str | None, expected: str, make_run: MakeRun
) -> None:
    run = make_run(
        "walk", ("init", 0), ("step_000000200", 200), ("step_000000300", 300), ("best", 200), ("final", 250)
    )
    assert choose_checkpoint(run, name).name == expected


def test_without_a_best_checkpoint_the_newest_is_chosen(make_run: MakeRun) -> None:
    assert choose_checkpoint(make_run("walk", ("init", 0), ("final", 250))).name == "final"


def test_a_run_without_checkpoints_has_none_to_choose(make_run: MakeRun) -> None:
    with pytest.raises(NotFoundError, match="has no checkpoint yet"):
        choose_checkpoint(make_run("walk"))


def test_a_policy_is_found_by_file_checkpoint_or_run(make_run: MakeRun, root: Path, tmp_path: Path) -> None:
    run = make_run("walk_2026-01-01_10-00-00", ("init", 0), ("best", 100))
    best = CheckpointStore(run.checkpoints).find("best")
    for name in (
        str(run.path),
        "walk",
        str(best.path),
        str(best.path / "model.zip"),
        str(best.path / "model"),
    ):
        found = find_policy(name, root)
        assert found.model == best.path / "model.zip"
        assert found.checkpoint == best
    alone = tmp_path / "alone.zip"
    alone.touch()
    assert find_policy(str(alone), root).checkpoint is None


@pytest.mark.parametrize("name", ["nowhere.zip", "some/where"])
def test_a_policy_that_is_not_there_is_refused(name: str, root: Path) -> None:
    with pytest.raises(NotFoundError, match=rf"the file '{name}' does not exist \(looked at /"):
        find_policy(name, root)


def test_a_damaged_policy_is_refused(make_run: MakeRun, root: Path) -> None:
    run = make_run("walk", ("best", 100))
    (run.checkpoints / "best" / "model.zip").write_bytes(b"")
    with pytest.raises(CheckpointError, match="is truncated"):
        find_policy("walk", root)
