"""A default for programs that are started by hand: there is one set of them, so only the end is evaluated."""

from rl_pipeline.config.composition import Composition
from rl_pipeline.config.draft import draft_of
from rl_pipeline.config.rules import is_given
from rl_pipeline.config.yaml_reader import Document

EVALUATION = ("training", "training", "eval")
PLACE = "default of programs started by hand"


def evaluate_at_the_end_alone(composition: Composition) -> None:
    """Set `num_evals: 0` if programs are started by hand and the training configures no evaluations."""
    if any(is_given(composition.mapping, (*EVALUATION, key)) for key in ("num_evals", "frequency")):
        return
    environment = draft_of(composition.mapping).environment
    if environment is not None and environment.traits.started_by_hand:
        composition.add(Document(PLACE, {"training": {"training": {"eval": {"num_evals": 0}}}}))
