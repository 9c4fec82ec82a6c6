import pytest

from rl_pipeline.config.loading import LoadedConfig, load_config

from .conftest import Problems, Write

LAYERS = """
Default:
  experiment:
    name: from-default
    seed: 1
    tags: [a, b]
  training:
    algorithm_parameters: {gamma: 0.9, n_steps: 64, batch_size: 32}
Ant-v5:
  experiment:
    seed: 2
  training:
    algorithm_parameters: {gamma: 0.95, n_steps: 128}
Hopper-v5:
  experiment:
    seed: 3
  environment:
    n_environments: 8
environment:
  id: Ant-v5
training:
  algorithm_parameters:
    gamma: 0.99
"""


def test_stronger_layers_win_key_by_key(write: Write) -> None:
    defaults = write("experiment: {folder: runs, name: weakest}\nevaluation: {seed: 7}\n", "default.yaml")
    loaded = load_config(write(LAYERS), ["experiment.tags=[c]"], default_file=defaults)
    config, origin = loaded.config, loaded.provenance
    assert (config.evaluation.seed, origin["evaluation.seed"]) == (7, "default.yaml:2")
    assert (config.experiment.folder, origin["experiment.folder"]) == ("runs", "default.yaml:1")
    assert (config.experiment.name, origin["experiment.name"]) == ("from-default", "x.yaml:3")
    assert (config.experiment.seed, origin["experiment.seed"]) == (2, "x.yaml:10")
    assert (config.experiment.tags, origin["experiment.tags"]) == (["c"], "command line")
    assert config.training.algorithm_parameters == {"gamma": 0.99, "n_steps": 128, "batch_size": 32}
    parameters = "training.algorithm_parameters"
    assert origin[f"{parameters}.gamma"] == "x.yaml:22"
    assert origin[f"{parameters}.n_steps"] == "x.yaml:12"
    assert origin[f"{parameters}.batch_size"] == "x.yaml:7"
    assert origin["environment.n_environments"] == "default"


def test_the_block_is_that_of_the_environment_on_the_command_line(write: Write) -> None:
    config = load_config(write(LAYERS), ["environment.id=Hopper-v5"]).config
    assert config.experiment.seed == 3
    assert config.environment.n_environments == 8


def test_the_environment_id_may_stand_in_the_default_block_or_the_default_file(write: Write) -> None:
    blocks = "Ant-v5:\n  experiment: {seed: 2}\n"
    assert load_config(write("Default:\n  environment: {id: Ant-v5}\n" + blocks)).config.experiment.seed == 2
    defaults = write("environment: {id: Ant-v5}\n", "default.yaml")
    assert load_config(write(blocks), default_file=defaults).config.experiment.seed == 2


def test_the_default_file_may_hold_blocks(write: Write) -> None:
    defaults = write(
        "Ant-v5:\n  experiment: {seed: 2}\nHopper-v5:\n  experiment: {seed: 3}\n", "default.yaml"
    )
    assert load_config(write("environment: {id: Ant-v5}"), default_file=defaults).config.experiment.seed == 2


def load(write: Write, text: str) -> LoadedConfig:
    return load_config(write(text), default_file=None)


def test_braces_empty_a_mapping_of_free_keys_and_no_section(write: Write) -> None:
    words = ["training.algorithm_parameters={}", "experiment={}"]
    config = load_config(write(LAYERS), words).config
    assert config.training.algorithm_parameters == {}
    assert config.experiment.name == "from-default"


def test_null_on_the_command_line_brings_the_defaults_of_a_section_back(write: Write) -> None:
    words = ["training.algorithm_parameters=null", "experiment=null"]
    loaded = load_config(write(LAYERS), words)
    assert loaded.config.training.algorithm_parameters == {}
    assert (loaded.config.experiment.seed, loaded.config.experiment.tags) == (0, [])
    assert loaded.provenance["experiment.seed"] == "default"


def test_an_empty_section_changes_nothing(write: Write) -> None:
    text = """
    Default:
      training:
        algorithm_parameters: {gamma: 0.9}
      experiment: {seed: 4}
    experiment:
    environment:
      id: Ant-v5
      kwargs:
    training:
      algorithm_parameters:
      training:
        eval:
    """
    config = load(write, text).config
    assert config.training.algorithm_parameters == {"gamma": 0.9}
    assert config.experiment.seed == 4
    assert config.environment.kwargs == {}


def test_null_overrides_where_null_is_a_value(write: Write) -> None:
    architecture = "architecture: {net_arch: {pi: [64]}}"
    text = f"Default:\n  training: {{{architecture}}}\nenvironment: {{id: a}}\n"
    loaded = load(write, text + "training: {architecture: {net_arch: None}}\n")
    assert loaded.config.training.architecture.net_arch is None
    assert loaded.provenance["training.architecture.net_arch"] == "x.yaml:4"
    assert loaded.provenance["training.architecture.net_arch.pi"] == "x.yaml:4"


def test_a_schedule_of_another_type_replaces_and_one_of_the_same_type_merges(write: Write) -> None:
    text = """
    Default:
      training:
        schedules: {learning_rate: {type: linear, initial: 1.0, final: 0.1}}
    environment: {id: Ant-v5}
    """
    file = write(text)
    key = "training.schedules.learning_rate"
    replaced = load_config(file, [f"{key}={{type: constant, value: 2}}"]).config.training.schedules
    assert replaced["learning_rate"].model_dump() == {"type": "constant", "value": 2.0, "warmup": 0.0}
    merged = load_config(file, [f"{key}.final=0.5"]).config.training.schedules["learning_rate"].model_dump()
    assert (merged["initial"], merged["final"]) == (1.0, 0.5)


def test_lists_replace(write: Write) -> None:
    text = "Default: {environment: {wrappers: [A, B]}}\nenvironment: {id: a, wrappers: [C]}\n"
    assert [spec.name for spec in load(write, text).config.environment.wrappers] == ["C"]


def test_a_plain_value_gives_its_origin_to_what_is_made_from_it(write: Write) -> None:
    loaded = load(write, "environment:\n  id: a\n  normalize: true\n")
    assert loaded.provenance["environment.normalize.reward"] == "x.yaml:3"
    assert loaded.provenance["environment.monitor"] == "default"
    assert loaded.provenance["experiment.seed"] == "default"
    assert loaded.provenance.nearest("environment.monitor") == "x.yaml:1"
    assert loaded.provenance.nearest("experiment.seed") is None


@pytest.mark.parametrize("name", ["trainig", "Trainings"])
def test_a_misspelt_section_is_no_block(name: str, problems: Problems) -> None:
    [problem] = problems(f"environment: {{id: Ant-v5}}\n{name}: {{algorithm: ppo}}\n")
    assert (problem.place, problem.key, problem.message) == ("x.yaml:2", name, "unknown key")
    assert problem.nearest == "training"


def test_a_block_of_another_environment_must_hold_sections(problems: Problems) -> None:
    [problem] = problems("environment: {id: Ant-v5}\nHopper-v5:\n  n_environments: 8\n")
    assert (problem.place, problem.key) == ("x.yaml:2", "Hopper-v5")
    assert "a block with sections" in problem.message
    assert "training" in problem.valid
    assert problem.remedy


def test_a_word_at_the_top_level_is_an_unknown_key(problems: Problems) -> None:
    [problem] = problems("environment: {id: Ant-v5}\nseed: 8\n")
    assert problem.message == "unknown key"
    assert "experiment.seed" in str(problem.remedy)


def test_a_section_of_a_section_says_where_it_belongs(problems: Problems) -> None:
    [problem] = problems("environment: {id: Ant-v5}\ndistillation: {files: [x.hdf5]}\n")
    assert (problem.place, problem.message) == ("x.yaml:2", "unknown key")
    assert problem.remedy == "move it to training.distillation"


@pytest.mark.parametrize("name", ["Default", "Ant-v5"])
def test_blocks_must_be_mappings(name: str, problems: Problems) -> None:
    [problem] = problems(f"environment: {{id: Ant-v5}}\n{name}: 5\n")
    assert (problem.place, problem.key, problem.value) == ("x.yaml:2", name, 5)


def test_wrong_keys_in_blocks_are_placed_there(problems: Problems) -> None:
    found = problems(
        """
        Default:
          training: {algoritm: ppo}
        Ant-v5:
          environment: {n_environment: 5}
        environment: {id: Ant-v5}
        """
    )
    assert [(problem.place, problem.key, problem.nearest) for problem in found] == [
        ("x.yaml:2", "training.algoritm", "algorithm"),
        ("x.yaml:4", "environment.n_environment", "n_environments"),
    ]
