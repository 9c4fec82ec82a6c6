"""From a name or class path to the learner that trains it."""

from pathlib import Path

import pytest

from rl_pipeline.config.draft import draft_of
from rl_pipeline.config.errors import Problem
from rl_pipeline.learners.registry import check_learner, find_learner
from rl_pipeline.learners.sb3.learner import SB3Learner
from rl_pipeline.learners.sb3.parameters import check_parameters
from rl_pipeline.learners.sb3.registry import Algorithm, find_algorithm

ALGORITHMS = Path(__file__).parents[1] / "run" / "sample_algorithms.py"
LEARNER = Path(__file__).with_name("imitation.py")


def test_names_and_class_paths_find_their_learner() -> None:
    assert find_learner("Recurrent-PPO") is SB3Learner
    assert find_learner(f"{ALGORITHMS}:RestlessPPO") is SB3Learner
    own = find_learner(f"{LEARNER}:Imitation")
    assert isinstance(own, type)
    assert own.__name__ == "Imitation"


@pytest.mark.parametrize(
    ("name", "family", "base"), [("RestlessPPO", "on_policy", "ppo"), ("CountingDQN", "off_policy", "dqn")]
)
def test_the_base_class_tells_family_and_spaces(name: str, family: str, base: str) -> None:
    found, stock = find_algorithm(f"{ALGORITHMS}:{name}"), find_algorithm(base)
    assert isinstance(found, Algorithm)
    assert isinstance(stock, Algorithm)
    assert (found.family, found.action_spaces) == (family, stock.action_spaces)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"{ALGORITHMS}:RestlesPPO", "RestlessPPO"),
        ("nowhere.py:MyPPO", "the file 'nowhere.py' does not exist"),
        ("collections:OrderedDict", "has no subclass of BaseAlgorithm named"),
    ],
)
def test_a_class_path_that_leads_nowhere_is_refused(path: str, message: str) -> None:
    problem = find_learner(path)
    assert isinstance(problem, Problem)
    assert problem.key == "training.algorithm"
    assert message in problem.message


def test_parameters_that_are_passed_on_are_those_of_the_base_class() -> None:
    found = find_algorithm(f"{ALGORITHMS}:RestlessPPO")
    assert isinstance(found, Algorithm)
    assert check_parameters(found.model_class, {"boost": 0.1, "n_steps": 16}) == []
    [problem] = check_parameters(found.model_class, {"bost": 0.1})
    assert problem.nearest == "boost"


def test_problems_of_algorithm_and_networks_are_found_together() -> None:
    for algorithm, keys in {"pppo": ["training.algorithm"], 3: []}.items():
        training = {"algorithm": algorithm, "architecture": {"activation_fn": "RELUU"}}
        found = check_learner(draft_of({"training": training}))
        assert [problem.key for problem in found] == [*keys, "training.architecture.activation_fn"]


def test_a_batch_is_not_compared_with_a_malformed_number_of_environments() -> None:
    def keys(n_environments: object) -> list[str]:
        training = {"algorithm_parameters": {"n_steps": 10, "batch_size": 15, "gama": 1.0}}
        environment = {"id": "A", "n_environments": n_environments}
        found = check_learner(draft_of({"training": training, "environment": environment}))
        return [problem.key.rpartition(".")[2] for problem in found]

    assert keys("many") == keys(3) == ["gama"]
    assert keys(1) == ["gama", "batch_size"]
