"""What `train` refuses before the first timestep, and how it says so."""

import re
from pathlib import Path

import pytest
import torch

from .conftest import Command

MINIMAL = """\
environment:
  id: CartPole-v1
training:
  training: {device: cpu}
"""

# name: (what is added to the file or overridden, what the refusal must say)
REFUSALS: dict[str, tuple[str, list[str]]] = {
    "unknown key": (
        "experiment: {name: x, sed: 3}",
        [
            "bad.yaml:5: experiment.sed: unknown key",
            "value: 3",
            "valid: name, seed",
            "did you mean: seed",
            "remedy",
        ],
    ),
    "wrong type": (
        "evaluation: {num_episodes: many}",
        ["bad.yaml:5: evaluation.num_episodes: must be an integer", "value: 'many'", "remedy"],
    ),
    "duplicate key": (
        "environment: {id: Pendulum-v1}",
        ["bad.yaml:5: environment: is given twice, in line 1 and in line 5", "remedy"],
    ),
    "tag": (
        "experiment: !!python/object/apply:os.system ['touch attacked']",
        ["bad.yaml:5: experiment: the tag !!python/object/apply:os.system is refused", "remedy"],
    ),
    "syntax": ("experiment: {name: [x}", ["bad.yaml:5", "YAML syntax error", "remedy"]),
    "folder": (
        "experiment: {folder: bad.yaml/runs}",
        [
            "bad.yaml:5: experiment.folder: runs cannot be written there (",
            "bad.yaml: Not a directory)",
            "'bad.yaml/runs'",
            "remedy",
        ],
    ),
}

LARGE = "of memory, but only"
FINITE = "must be finite"
HUGE: dict[str, tuple[list[str], list[str]]] = {
    "seed": (
        ["experiment.seed=4294967296"],
        ["experiment.seed: must be an integer >= 0 and < 4294967296"],
    ),
    "digits": (["experiment.seed=0x" + "f" * 20_000], ["experiment.seed: is a number of 20002 characters"]),
    "64 bits": (["training.training.total_timesteps=1e30"], ["total_timesteps: is too large for 64 bits"]),
    "environments": (["environment.n_environments=99999999999"], ["n_environments: needs at least", LARGE]),
    "rollout": (["training.algorithm_parameters.n_steps=1e11"], ["n_steps: needs at least", LARGE]),
    "buffer": (
        [
            "training.algorithm=dqn",
            "training.algorithm_parameters.buffer_size=1000000000000",
            "training.training.total_timesteps=1000000000000",
        ],
        ["buffer_size: needs at least", LARGE],
    ),
    "rate": (["training.algorithm_parameters.learning_rate=.nan"], ["learning_rate: must be finite", "nan"]),
    "infinite rate": (["training.algorithm_parameters.learning_rate=-.inf"], [FINITE, "-inf"]),
    "optimizer": (["training.architecture.policy_kwargs={optimizer_kwargs: {eps: .nan}}"], [FINITE, "nan"]),
    "schedule": (
        ["training.schedules.learning_rate={type: linear, initial: .nan, final: 0.1}"],
        ["training.schedules.learning_rate.initial"],
    ),
    "null character": (['experiment.folder="a\\0b"'], ["experiment.folder: holds a null character"]),
    "null in a policy's path": (['training.pretrained_model="a\\0b"'], ["holds a null character"]),
}

OVERRIDES: dict[str, tuple[list[str], list[str]]] = {
    "environment": (
        ["environment.id=CartPol-v1"],
        [
            "environment.id: unknown environment",
            "'CartPol-v1'",
            "did you mean: CartPole-v1",
            "list envs",
        ],
    ),
    "version": (
        ["environment.id=CartPole-v7"],
        ["CartPole has no version v7", "valid: CartPole-v0, CartPole-v1"],
    ),
    "environment file": (["environment.id=no/task.py:Task"], ["the file 'no/task.py' does not exist"]),
    "environment argument": (
        ["environment.kwargs={sutton: 1}"],
        ["environment.kwargs.sutton", "sutton_barto_reward"],
    ),
    "algorithm": (
        ["training.algorithm=ppoo"],
        ["training.algorithm: unknown algorithm", "'ppoo'", "valid: a2c, ars,", "did you mean: ppo"],
    ),
    "parameter": (
        ["training.algorithm_parameters={gama: 0.9}"],
        [
            "training.algorithm_parameters.gama: PPO has no parameter of this name",
            "valid: batch_size",
            "gamma",
        ],
    ),
    "parameter type": (
        ["training.algorithm_parameters={gamma: high}"],
        ["training.algorithm_parameters.gamma: must be float", "'high'"],
    ),
    "parameter with a key of its own": (
        ["training.algorithm_parameters={device: cpu}"],
        ["this argument has its own key", "set training.training.device instead"],
    ),
    "policy": (
        ["training.algorithm_parameters={policy: MlpPolic}"],
        ["PPO has no policy of this name", "did you mean: MlpPolicy"],
    ),
    "schedule": (
        ["training.schedules={learnin_rate: {type: linear, initial: 1.0, final: 0.0}}"],
        ["training.schedules.learnin_rate", "did you mean: learning_rate"],
    ),
    "extractor": (
        ["training.architecture.features_extractor_class=ResnetMPL"],
        [
            "features_extractor_class: unknown BaseFeaturesExtractor",
            "'ResnetMPL'",
            "did you mean: ResnetMLP",
            "file.py",
        ],
    ),
    "extractor argument": (
        [
            "training.architecture.features_extractor_class=ResnetMLP",
            "training.architecture.features_extractor_kwargs={features_dmi: 8}",
        ],
        ["features_extractor_kwargs.features_dmi", "did you mean: features_dim"],
    ),
    "layer norm": (
        [
            "training.algorithm=ars",
            "training.algorithm_parameters.policy=LinearPolicy",
            "training.architecture.layer_norm=true",
        ],
        ["training.architecture.layer_norm: ARSLinearPolicy has no argument activation_fn", "remedy"],
    ),
    "activation": (["training.architecture.activation_fn=ReLUU"], ["activation_fn", "did you mean: ReLU"]),
    "wrapper": (
        ["environment.wrappers=[frame_stak]"],
        ["environment.wrappers.0: unknown VectorWrapper", "did you mean: frame_stack"],
    ),
    "batch size": (
        ["training.algorithm_parameters={n_steps: 10, batch_size: 7}", "environment.n_environments=2"],
        [
            "batch_size: does not divide the rollout of 10 steps x 2 environments = 20",
            "value: 7",
            "valid: 2, 4, 5, 10",
        ],
    ),
    "DQN and continuous actions": (
        ["training.algorithm=dqn", "environment.id=Pendulum-v1"],
        [
            "training.algorithm: cannot act in the action space of Pendulum-v1",
            "'dqn'",
            "valid: a2c, ars, crossq, ddpg",
        ],
    ),
    "SAC and discrete actions": (
        ["training.algorithm=sac"],
        ["cannot act in the action space of CartPole-v1, which is Discrete(2)", "valid: a2c, ars, dqn"],
    ),
    "hindsight replay without a buffer": (
        ["training.hindsight_replay={}"],
        [
            "training.hindsight_replay: PPO has no replay buffer",
            "valid: crossq, ddpg, dqn",
            "remedy: remove it",
        ],
    ),
    "hindsight replay without goals": (
        ["training.algorithm=dqn", "training.hindsight_replay={}"],
        ["training.hindsight_replay: CartPole-v1 has no goals", "achieved_goal, desired_goal, observation"],
    ),
    "older hindsight replay": (
        [
            "training.algorithm=dqn",
            "training.algorithm_parameters={replay_buffer_class: HerReplayBuffer, replay_buffer_kwargs: {n: 2}}",
        ],
        ["training.hindsight_replay.n: unknown key", "valid: n_sampled_goal", "CartPole-v1 has no goals"],
    ),
    "other replay buffer": (
        ["training.algorithm=dqn", "training.algorithm_parameters.replay_buffer_class=DictReplayBuffer"],
        ["replay_buffer_class: this argument has its own key", "set training.hindsight_replay instead"],
    ),
    "two forms of hindsight replay": (
        [
            "training.algorithm=dqn",
            "training.hindsight_replay={}",
            "training.algorithm_parameters.replay_buffer_kwargs={n_sampled_goal: 2}",
        ],
        ["replay_buffer_kwargs: these arguments have their own section", "training.hindsight_replay"],
    ),
    "options of other algorithms": (
        ["training.off_policy={random_actions: 0.3, target_range: sparse, action_penalty: 1.0}"],
        [
            "training.off_policy.random_actions: PPO does not support this option",
            "valid: crossq, ddpg, sac, td3, tqc",
            "training.off_policy.action_penalty: PPO does not support this option",
            "valid: ddpg, td3",
        ],
    ),
    "a range that is none": (
        ["training.algorithm=sac", "training.off_policy.target_range=[1.0, 0.0]"],
        ["training.off_policy.target_range", "must be a range", "[lowest, highest]"],
    ),
    "endless sparse returns": (
        [
            "environment.id=Pendulum-v1",
            "training.algorithm=sac",
            "training.algorithm_parameters.gamma=1.0",
            "training.off_policy.target_range=sparse",
        ],
        ["training.off_policy.target_range: needs a gamma below 1"],
    ),
    "checkpoint": (
        ["training.pretrained_model=runs/old/model.zip"],
        ["training.pretrained_model: the file 'runs/old/model.zip' does not exist (looked at /", "remedy"],
    ),
    "run to start from": (
        ["training.pretrained_model=old"],
        ["training.pretrained_model: no run 'old'", "none yet"],
    ),
    "override": (["gamma"], ["an override must have the form key.path=value", "'gamma'", "remedy"]),
    "key of an override": (
        ["training.trainin.device=cpu"],
        ["command line: training.trainin: unknown key", "training"],
    ),
    "more workers than environments": (
        ["environment.n_workers=2"],
        ["environment.n_workers: more workers than"],
    ),
}


def assert_refused(outcome: object, parts: list[str]) -> None:
    status, output, error = outcome  # type: ignore[misc]
    assert status == 2
    assert output == ""
    assert re.search(r"\d+ problems?; nothing was started", error)
    assert "Traceback" not in error
    for part in parts:
        assert part in error, error
    assert not Path("experiments").exists()
    assert not Path("attacked").exists()


@pytest.mark.parametrize("case", REFUSALS)
def test_a_wrong_file_is_refused(case: str, command: Command) -> None:
    text, parts = REFUSALS[case]
    Path("bad.yaml").write_text(MINIMAL + text + "\n")
    assert_refused(command("train", "--config", "bad.yaml"), parts)


@pytest.mark.parametrize("case", OVERRIDES | HUGE)
def test_a_wrong_value_is_refused(case: str, command: Command) -> None:
    overrides, parts = (OVERRIDES | HUGE)[case]
    Path("good.yaml").write_text(MINIMAL)
    assert_refused(command("train", "--config", "good.yaml", *overrides), parts)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_refused(command: Command) -> None:
    outcome = command("train", "--config", "tiny.yaml", "training.training.device=cuda")
    assert_refused(
        outcome, ["no NVIDIA GPU", "'cuda'", "valid: auto, cpu", "set training.training.device: auto"]
    )


def test_all_mistakes_of_a_file_are_named_at_once_in_its_order(command: Command) -> None:
    Path("bad.yaml").write_text("""\
experiment: {sed: 3}
environment: {id: CartPol-v1, n_environments: two, wrappers: [frame_stak]}
training:
  algorithm: ppo
  algorithm_parameters: {gama: 0.9}
  architecture: {features_extractor_class: ResnetMPL, activation_fn: ReLUU}
  training: {total_timesteps: many, device: gpu}
  pretrained_model: nowhere/model.zip
""")
    outcome = command("train", "--config", "bad.yaml")
    assert_refused(outcome, ["10 problems; nothing was started"])
    lines = [int(line) for line in re.findall(r"^bad\.yaml:(\d+): ", outcome.error, re.MULTILINE)]
    assert lines == [1, 2, 2, 2, 5, 6, 6, 7, 7, 8]


def test_a_missing_id_hides_no_mistake_of_the_training(command: Command) -> None:
    Path("bad.yaml").write_text("""\
environment: {n_environments: 2}
training: {algorithm: ppo, algorithm_parameters: {gama: 0.9}, pretrained_model: nowhere/model.zip}
""")
    outcome = command("train", "--config", "bad.yaml")
    assert_refused(outcome, ["3 problems", "environment.id: is missing", ".gama: PPO has no", "nowhere"])


def test_malformed_keys_cause_no_problems_elsewhere(command: Command) -> None:
    Path("bad.yaml").write_text("""\
environment: {id: Pendulum-v1, kwargs: [g], n_environments: two}
training: {algorithm: 5, algorithm_parameters: {n_steps: 10, batch_size: 15, buffer_size: 100}}
""")
    outcome = command("train", "--config", "bad.yaml")
    assert_refused(
        outcome, ["3 problems", "kwargs: must be", "n_environments: must be", "algorithm: must be"]
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["train"], "name a YAML file with --config, or a run with --resume"),
        (["train", "--resume", "auto"], "name a YAML file with --config"),
        (["train", "--config", "tiny.yml"], "did you mean: tiny.yaml"),
        (["train", "--config", "."], "cannot be read"),
        (["train", "--resume", "tiny"], "no run 'tiny'. Runs in experiments: none yet"),
        (
            ["train", "--config", "tiny.yaml", "--folder", "tiny.yaml/run"],
            "Not a directory); name another folder",
        ),
    ],
)
def test_a_command_line_that_names_nothing_usable_is_refused(
    words: list[str], part: str, command: Command
) -> None:
    outcome = command(*words)
    assert outcome.status == 2
    assert part in outcome.error


def test_an_error_in_the_users_file_shows_its_line(command: Command) -> None:
    Path("task.py").write_text(
        "import gymnasium\n\n\nclass Task(gymnasium.Env):\n    length = undefined_name\n"
    )
    outcome = command(
        "train", "--config", "tiny.yaml", "environment.id=task.py:Task", "environment.wrappers=[]"
    )
    assert_refused(outcome, ["task.py:Task", "NameError", "undefined_name", "task.py:5"])
