"""A configuration as YAML."""

import yaml

from rl_pipeline.config.rules import drop_unused
from rl_pipeline.config.schema import Config
from rl_pipeline.config.yaml_dialect import ConfigDumper


def dump_config(config: Config) -> str:
    """Return YAML with every key written out, which loads back to an equal configuration, floats exact."""
    mapping = config.model_dump()
    drop_unused(mapping)
    return yaml.dump(mapping, Dumper=ConfigDumper, sort_keys=False, allow_unicode=True, width=float("inf"))
