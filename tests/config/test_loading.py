from pathlib import Path

import pytest
import yaml

from rl_pipeline.config.draft import Draft
from rl_pipeline.config.environment import BACKENDS
from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.loading import DEFAULT_FILE, load_config, load_config_mapping

from .conftest import Problems, Write

EXAMPLE = Path(__file__).parents[2] / "configs" / "base_ppo_config.yaml"


def test_the_example_file_loads() -> None:
    config = load_config(EXAMPLE).config
    assert config.experiment.name == "BipedalWalker-Benchmark"
    assert config.environment.env_config is None
    assert config.environment.video_trigger == 5000
    assert config.training.pretrained_model is None
    assert config.training.use_wandb is True
    assert config.training.algorithm_parameters["n_steps"] == 8192
    assert config.training.architecture.net_arch == {"pi": [128, 128], "vf": [128, 128]}
    assert config.training.architecture.features_extractor_kwargs == {"features_dim": 128}
    assert config.training.architecture.share_features_extractor is False
    assert config.training.training.device == "cuda"
    assert config.training.training.eval.num_evals == 15
    assert config.evaluation.num_episodes == 1
    assert config.play.experiment == "experiment_date"


def test_the_default_file_of_the_repository_is_the_weakest_layer() -> None:
    assert DEFAULT_FILE is not None
    loaded = load_config(EXAMPLE)
    assert "default.yaml:" in loaded.provenance["experiment.folder"]
    assert load_config(EXAMPLE, default_file=None).provenance["experiment.folder"] == "default"


def test_raw_holds_what_was_written_and_no_defaults(write: Write) -> None:
    file = write("environment: {id: Ant-v5}\ntraining: {algorithm: PPO}\n")
    loaded = load_config(file, ["experiment.seed=3"], default_file=None)
    assert loaded.raw == {
        "environment": {"id": "Ant-v5"},
        "training": {"algorithm": "PPO"},
        "experiment": {"seed": 3},
    }
    assert loaded.config.training.algorithm == "ppo"
    assert loaded.file == file


def test_a_mapping_loads_like_a_file() -> None:
    mapping = {"Default": {"experiment": {"seed": 4}}, "environment": {"id": "Ant-v5"}}
    loaded = load_config_mapping(mapping, ["environment.n_environments=2"])
    assert loaded.config.experiment.seed == 4
    assert loaded.config.environment.n_environments == 2
    assert loaded.provenance["experiment.seed"] == "configuration"
    assert loaded.file is None
    with pytest.raises(ConfigError, match=r"^run/config\.yaml: environment\.idd: unknown key"):
        load_config_mapping({"environment": {"id": "a", "idd": 1}}, file=Path("run/config.yaml"))


def test_all_problems_of_a_file_come_together_in_the_order_of_the_file(problems: Problems) -> None:
    found = problems(
        """
        experiment:
          seed: -1
          seed: 2
        environment:
          id: Ant-v5
          n_environments: 'four'
          backend: mujocco
        trainig: {}
        training:
          algorithm: !!python/name:os.system
          architecture:
            net_arch: {"pi'": [64]}
          checkpoint: {frequency: 100, num_checkpoints: 3}
        """,
        "training.training.eval.num_evals=many",
    )
    assert [(problem.place, problem.key) for problem in found] == [
        ("command line", "training.training.eval.num_evals"),
        ("x.yaml:3", "experiment.seed"),
        ("x.yaml:6", "environment.n_environments"),
        ("x.yaml:7", "environment.backend"),
        ("x.yaml:8", "trainig"),
        ("x.yaml:10", "training.algorithm"),
        ("x.yaml:12", "training.architecture.net_arch.pi'"),
        ("x.yaml:13", "training.checkpoint.frequency"),
    ]
    assert all(problem.remedy for problem in found)


def test_a_missing_environment_id_is_placed_at_its_section_or_the_file(problems: Problems) -> None:
    [problem] = problems("experiment: {}\nenvironment:\n  monitor: true\n")
    assert (problem.place, problem.key) == ("x.yaml:2", "environment.id")
    [problem] = problems("")
    assert (problem.place, problem.key) == ("x.yaml", "environment.id")


def test_a_syntax_error_names_the_column(problems: Problems) -> None:
    [problem] = problems("environment:\n\tid: Ant-v5\n")
    assert problem.place == "x.yaml:2:1"


def test_problems_of_the_default_file_name_the_default_file(write: Write, problems: Problems) -> None:
    defaults = write("training: {algoritm: ppo}\n", "default.yaml")
    [problem] = problems("environment: {id: Ant-v5}\n", default_file=defaults)
    assert problem.place == "default.yaml:1"


def test_checks_see_what_fits_also_when_the_schema_refuses_the_rest(problems: Problems) -> None:
    seen: list[Draft] = []

    def check(draft: Draft) -> list[Problem]:
        seen.append(draft)
        parameters = "training.algorithm_parameters"
        assert draft.environment is not None
        return [
            Problem("environment.id", "is not registered", draft.environment.id, nearest="Ant-v5"),
            Problem("environment.n_environments", "said already"),
            Problem(f"{parameters}.batch_size", "does not divide the rollout", 64),
            Problem(f"{parameters}.n_steps", "comes from nowhere"),
            Problem("play.experiment", "is not written"),
        ]

    found = problems(
        """
        environment:
          id: Ant-v4
          n_environments: four
        training:
          algorithm_parameters:
            batch_size: 64
        """,
        checks=[check],
    )
    assert seen[0].training.algorithm_parameters == {"batch_size": 64}
    assert seen[0].malformed == {"environment.n_environments"}
    assert [(problem.place, problem.key) for problem in found] == [
        ("x.yaml", "play.experiment"),
        ("x.yaml:2", "environment.id"),
        ("x.yaml:3", "environment.n_environments"),
        ("x.yaml:5", "training.algorithm_parameters.n_steps"),
        ("x.yaml:6", "training.algorithm_parameters.batch_size"),
    ]
    assert "must be an integer" in found[2].message


def test_a_check_alone_can_refuse_a_configuration(write: Write) -> None:
    file = write("environment: {id: Ant-v5}\n")
    assert load_config(file, checks=[lambda draft: []]).config.environment.id == "Ant-v5"
    with pytest.raises(ConfigError, match=r"^x\.yaml:1: environment\.id: is not registered"):
        load_config(file, checks=[lambda draft: [Problem("environment.id", "is not registered")]])


def test_an_absent_file_is_refused(write: Write) -> None:
    write("environment: {id: Ant-v5}\n", "ant.yaml")
    with pytest.raises(ConfigError, match=r"did you mean: ant\.yaml"):
        load_config("and.yaml")


def test_the_printed_error_is_one_block_per_problem(write: Write) -> None:
    file = write("environment:\n  id: Ant-v5\n  backend: mujocco\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(caught.value).splitlines() == [
        "x.yaml:3: environment.backend: is not a valid value",
        "    value: 'mujocco'",
        f"    valid: {', '.join(BACKENDS)}",
        "    did you mean: mujoco ?",
        "    remedy: write mujoco",
    ]


@pytest.mark.parametrize("file", sorted(EXAMPLE.parent.glob("*.yaml")), ids=lambda file: file.name)
def test_the_files_of_the_repository_are_yaml_as_everybody_reads_it(file: Path) -> None:
    assert isinstance(yaml.safe_load(file.read_text()), dict)
