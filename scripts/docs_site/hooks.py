"""Hooks of MkDocs: what of the reference is made from the code when the site is built."""

from collections.abc import Callable
from typing import Any

from command_line import command_reference
from configuration_keys import key_reference

from rl_pipeline.config.deploy import KEY, Deploy
from rl_pipeline.config.launcher import LauncherConfig
from rl_pipeline.config.schema import Config
from rl_pipeline.envs.mujoco.randomization import RandomizationConfig

GENERATED: dict[str, Callable[[], str]] = {
    "<!-- keys of an experiment -->": lambda: key_reference(Config),
    "<!-- keys of randomization -->": lambda: key_reference(RandomizationConfig, "environment.randomization"),
    "<!-- keys of a robot -->": lambda: key_reference(Deploy, KEY),
    "<!-- keys of config.yml -->": lambda: key_reference(LauncherConfig),
    "<!-- commands -->": command_reference,
}
"""What takes the place of a comment in a page."""


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the generated text where a page asks for it."""
    for marker, generate in GENERATED.items():
        if marker in markdown:
            markdown = markdown.replace(marker, generate())
    return markdown
