"""Generator of the tables of keys in docs/reference/, so that the repository's page shows them as well.

`python scripts/docs_site/write_keys.py` updates them after a change of the configuration.
"""

import re
import sys
from pathlib import Path

from configuration_keys import key_reference
from pydantic import BaseModel

from rl_pipeline.config.deploy import KEY, Deploy
from rl_pipeline.config.launcher import LauncherConfig
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.mujoco.randomization import RandomizationConfig

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "an experiment": (Config, ""),
    "randomization": (RandomizationConfig, "environment.randomization"),
    "a robot": (Deploy, KEY),
    "config.yml": (LauncherConfig, ""),
}
"""The model of the keys between two comments of a page, and the key above them."""
PLACE = re.compile(r"(<!-- keys of (?P<what>.*?) -->\n).*?(?=<!-- end -->)", re.S)


def with_keys(page: str) -> str:
    """Insert the current tables between the comments of a page."""
    return PLACE.sub(lambda place: f"{place[1]}\n{key_reference(*MODELS[place['what']])}\n", page)


def main(folder: Path = FOLDER) -> None:
    """Update the pages of a folder."""
    for path in sorted(folder.glob("*.md")):
        page = path.read_text()
        if with_keys(page) != page:
            path.write_text(with_keys(page))
            print(path)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
