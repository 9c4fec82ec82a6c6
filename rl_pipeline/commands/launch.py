"""`rl-pipeline launch`: start what config.yml names; `bash launch_node.bash` ends here."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rl_pipeline.commands.errors import RefusedError
from rl_pipeline.config.errors import nearest

if TYPE_CHECKING:
    from rl_pipeline.config.launcher import LauncherConfig

NAME = "launch"
HELP = "start the node that config.yml names"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="changes to the experiment's configuration"
    )
    parser.add_argument("--config", type=Path, default=Path("config.yml"), help="default config.yml")


def run(options: argparse.Namespace) -> int:
    """Start the node."""
    from rl_pipeline.config.launcher import load_launcher_config

    launcher = load_launcher_config(options.config)
    name = launcher.ros.node_name
    if name not in NODES:
        close = nearest(name, NODES)
        hint = f"; did you mean '{close}'?" if close else ""
        valid = ", ".join(sorted(NODES))
        raise RefusedError(f"{options.config}: ros.node_name: '{name}' is no node; there are: {valid}{hint}")
    return NODES[name](launcher, options.overrides)


def train(launcher: "LauncherConfig", overrides: list[str]) -> int:
    """Train the experiment that config.yml names."""
    from rl_pipeline.commands.train import make_plan, train_and_conclude

    if launcher.n_environments is not None:
        overrides = [f"environment.n_environments={launcher.n_environments}", *overrides]
    overrides = [*_unity_build(launcher, overrides), *overrides]
    return train_and_conclude(make_plan(Path(launcher.experiment), None, overrides))


def _unity_build(launcher: "LauncherConfig", overrides: list[str]) -> list[str]:
    """Name the build of config.yml where the experiment uses Unity and names none."""
    from rl_pipeline.config.loading import load_config

    if launcher.unity.build_path is None:
        return []
    environment = load_config(Path(launcher.experiment), overrides).config.environment
    if environment.backend != "unity" or (environment.unity and environment.unity.build_path):
        return []
    return [f"environment.unity.build_path={launcher.unity.build_path}"]


def play(launcher: "LauncherConfig", overrides: list[str]) -> int:
    """Film the policy that the experiment's `play` section names."""
    from rl_pipeline.commands.run_arguments import refusing
    from rl_pipeline.config.loading import load_config
    from rl_pipeline.run.locate import choose_checkpoint, find_run
    from rl_pipeline.run.play import play_to_film

    config = load_config(Path(launcher.experiment), overrides).config
    if config.play.experiment is None:
        raise RefusedError(
            f"{launcher.experiment}: play.experiment: name a run; `rl-pipeline list runs` lists them"
        )
    with refusing():
        run_folder = find_run(config.play.experiment, Path(config.experiment.folder))
        checkpoint = choose_checkpoint(run_folder, config.play.pretrained_model)
        film, frames = play_to_film(run_folder, checkpoint, None, seed=config.evaluation.seed)
    print(f"{film} ({frames} frames)")
    return 0


NODES = {"train": train, "play": play}
