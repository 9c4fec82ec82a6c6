"""`rl-pipeline init`: write the files of a new project to any folder."""

import argparse
import importlib.util
import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from rl_pipeline.commands.run_arguments import refuse_existing
from rl_pipeline.errors import RefusedError

NAME = "init"
HELP = "write the files of a new project: YAML, Python file, schema and settings of VS Code"
PACKAGE = Path(__file__).parents[1]
TEMPLATES, ROBOTS = PACKAGE / "templates", PACKAGE / "envs" / "mujoco" / "robots"
SCHEMA = Path("configs") / "schema.json"


@dataclass(frozen=True)
class Template:
    """Starting point of a kind of project.

    Attributes:
        help: Its description on the command line.
        stem: The name in its files, which the user's name replaces.
        sources: Folders that hold these files.
        class_name: The class in its Python file, which is renamed to fit the user's name; None if there is none.
    """

    help: str
    stem: str
    sources: tuple[Path, ...]
    class_name: str | None = None


KINDS = {
    "experiment": Template(
        "a registered environment and an algorithm", "pendulum", (TEMPLATES / "experiment",)
    ),
    "robot": Template(
        "a robot in MuJoCo, its task and its experiment",
        "balancer",
        (TEMPLATES / "robot", ROBOTS),
        "Balancer",
    ),
    "environment": Template(
        "an environment in Python and its experiment", "cart", (TEMPLATES / "environment",), "Cart"
    ),
    "network": Template("a network and its experiment", "gated", (TEMPLATES / "network",), "Gated"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    described = "; ".join(f"{kind}: {template.help}" for kind, template in KINDS.items())
    parser.add_argument(
        "kind", nargs="?", choices=KINDS, default="experiment", help=f"{described} (default experiment)"
    )
    parser.add_argument(
        "--name",
        type=_module_name,
        help="name of experiment, files and class, such as my_robot (default: the example's)",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="folder of the project (default: the working folder)"
    )
    parser.add_argument("--force", action="store_true", help="replace existing files of these names")


def run(options: argparse.Namespace) -> None:
    """Write the files, and print the next commands."""
    from rl_pipeline.atomic import atomic_write

    template = KINDS[options.kind]
    name = options.name or template.stem
    files = _own_files(template, name)
    _refuse_installed(name, files)
    refuse_existing(
        [options.folder / file for file in files], force=options.force, remedy="give another --name"
    )
    for file, text in {**files, **_shared_files()}.items():
        path = options.folder / file
        if file not in files and path.exists():
            print(f"{path} (kept{'' if path.read_text() == text else '; the file of this version differs'})")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path, mode="w") as stream:
            stream.write(text)
        print(path)
    print("\n".join(_next_steps(options.folder, name)))


def _own_files(template: Template, name: str) -> dict[Path, str]:
    """Return the files that are specific to a project of this name, by their paths in the project."""
    files: dict[Path, str] = {}
    for folder in template.sources:
        for source in sorted(folder.glob(f"{template.stem}.*")):
            target = Path(f"{name}{source.suffix}")
            place = Path("configs") / target if source.suffix == ".yaml" else target
            files[place] = _renamed(source.read_text(), template, name)
    return files


def _renamed(text: str, template: Template, name: str) -> str:
    """Replace the template's name in names of files, the experiment, the model and the class."""
    if name == template.stem:
        return text
    stem = re.escape(template.stem)
    text = re.sub(rf"\b{stem}(?=\.(?:py|xml|yaml)\b)", name, text)
    text = re.sub(rf"(?<=^  name: ){stem}$|(?<=model=\"){stem}(?=\")", name, text, flags=re.M)
    title = "".join(part.capitalize() for part in name.split("_"))
    return re.sub(rf"\b{template.class_name}\b", title, text) if template.class_name else text


def _shared_files() -> dict[Path, str]:
    """Return the files that all experiments of a project share."""
    from rl_pipeline.run.editor_schema import schema_text

    settings = sorted((TEMPLATES / "vscode").iterdir())
    return {SCHEMA: schema_text()} | {
        Path(".vscode") / source.name: source.read_text() for source in settings
    }


def _next_steps(folder: Path, name: str) -> list[str]:
    enter = [] if folder.resolve() == Path.cwd() else [f"  cd {folder}"]
    return [
        "What next:",
        *enter,
        f"  rl-pipeline train --config configs/{name}.yaml",
        f"  rl-pipeline eval {name}",
        f"  rl-pipeline play {name} --video {name}.mp4",
    ]


def _module_name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text) or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError(
            f"'{text}' must be the name of a Python module: lower-case letters, digits and _, such as my_robot"
        )
    return text


def _refuse_installed(name: str, files: dict[Path, str]) -> None:
    """Refuse a Python file that would shadow an installed module."""
    if Path(f"{name}.py") not in files:
        return
    spec = None if name in sys.stdlib_module_names else importlib.util.find_spec(name)
    is_own = spec is None or spec.origin == str(Path(f"{name}.py").resolve())
    if name in sys.stdlib_module_names or not is_own:
        raise RefusedError(f"--name {name}: an installed module is called {name}; give another name")
