"""Changes to the configuration of an existing run, when it is resumed or when its policy acts."""

import re
from collections.abc import Sequence

from gymnasium.vector import VectorEnv

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.loading import Check, dump_config, load_config_mapping
from rl_pipeline.config.overrides import COMMAND_LINE, parse_overrides
from rl_pipeline.config.schema import Config
from rl_pipeline.config.yaml_reader import parse_yaml
from rl_pipeline.learners.policy_spec import describe_policy
from rl_pipeline.policies.spec import SPEC, describe_signals, read_spec, signals_fit
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.folder import RunFolder

ACTING_SECTIONS = ("environment", "evaluation")
MAX_SUFFIX = 100
UNUSUAL = re.compile(r"[^\w.+=-]+")
"""Characters that are not used in names of files."""


def changed(run: RunFolder, config: Config, overrides: Sequence[str], checks: Sequence[Check] = ()) -> Config:
    """Change the configuration of a run.

    Args:
        run: The run, for messages.
        config: Its configuration.
        overrides: `key.path=value` each.
        checks: Checks beyond the form of the configuration.

    Raises:
        ConfigError: The result is refused.
    """
    document = parse_yaml(dump_config(config), run.config.name)
    return load_config_mapping(document.mapping, overrides, checks=checks, file=run.config).config


def require_acting_sections(overrides: Sequence[str]) -> None:
    """Refuse changes that a trained policy cannot take.

    Raises:
        ConfigError: An override changes another section than `environment` and `evaluation`.
    """
    document, problems = parse_overrides(overrides)
    remedy = "change the environment or the evaluation, or resume the training with this change"
    problems += [
        Problem(
            key,
            "a trained policy cannot change this",
            valid=ACTING_SECTIONS,
            remedy=remedy,
            place=COMMAND_LINE,
        )
        for key in document.mapping
        if key not in ACTING_SECTIONS
    ]
    if problems:
        raise ConfigError(problems)


def require_fit(overrides: Sequence[str], checkpoint: Checkpoint, env: VectorEnv) -> None:
    """Refuse changes after which a policy can no longer act in an environment.

    Args:
        overrides: The changes.
        checkpoint: The checkpoint of the policy; one without `policy.json` is not checked.
        env: The changed environment.

    Raises:
        CheckpointError: The checkpoint is damaged.
        ConfigError: The policy has other observations or actions, or its observations are transformed differently.
    """
    if not overrides or not (checkpoint.path / SPEC).exists():
        return
    checkpoint.verify()
    own, other = read_spec(checkpoint.path), describe_policy(env)
    pairs = {"observation": (own.inputs, other.inputs), "action": (own.action, other.action)}
    differing = [
        f"its {what} is {describe_signals(one)}, that of the changed environment is {describe_signals(another)}"
        for what, (one, another) in pairs.items()
        if not signals_fit(one, another)
    ]
    transforms = [[type(one).__name__ for one in spec.transforms] for spec in (own, other)]
    if transforms[0] != transforms[1]:
        names = [", ".join(each) or "nothing" for each in transforms]
        differing.append(
            f"its observations pass through {names[0]}, those of the changed environment through {names[1]}"
        )
    if differing:
        message = f"does not fit the policy: {'; '.join(differing)}"
        remedy = "leave out the override that changes this"
        raise ConfigError([Problem("", message, list(overrides), remedy=remedy, place=COMMAND_LINE)])


def file_suffix(overrides: Sequence[str]) -> str:
    """Return the part of a film's name that names the changes of the environment, such as `_speed=1.0`."""
    keys_and_values = (each.partition("=")[::2] for each in overrides)
    parts = (f"{key.rpartition('.')[2]}={value}" for key, value in keys_and_values)
    return "".join(f"_{UNUSUAL.sub('-', part)}" for part in parts)[:MAX_SUFFIX]
