"""Checks before the first timestep, beyond the form of the configuration.

Every check gets the part of the file that fits the schema. It skips everything that depends on a malformed key or
that another check refuses. So all problems of a file are found together.
"""

from rl_pipeline.config.loading import Check
from rl_pipeline.learners.registry import check_learner
from rl_pipeline.run.callback_list import check_callbacks
from rl_pipeline.run.preflight.environment import check_environment
from rl_pipeline.run.preflight.machine import check_folder, check_machine, check_pretrained

CHECKS: list[Check] = [
    check_environment,
    check_learner,
    check_callbacks,
    check_machine,
    check_pretrained,
]

CHECKS_ELSEWHERE: list[Check] = [
    check_environment,
    check_learner,
    check_callbacks,
    check_folder,
    check_pretrained,
]
"""The checks that a machine can make on behalf of another machine with the same files."""
