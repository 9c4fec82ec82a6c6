"""Updates a second of distillation against the same network trained in plain PyTorch.

    python benchmarks/distillation.py

At the sizes of MoCapAct's fork: a vanilla RNN of 1,024 units, updates with 8 whole episodes of unequal lengths. Plain
PyTorch does what the fork does: a data loader reads each episode from its file, `pad_sequence` joins them, and the
network runs over the padding. Observations and actions have the sizes of Humanoid-v5.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.datasets.episode import Contents, Episode, Origin
from rl_pipeline.datasets.rollout_store import RolloutStore
from rl_pipeline.datasets.rollouts import RolloutDataset
from rl_pipeline.envs.factory import make_vector_env
from rl_pipeline.learners.distillation.learner import DistillationLearner
from rl_pipeline.learners.policy_spec import signals_of
from rl_pipeline.policies.spec import PolicySpec, Signal
from rl_pipeline.wrappers.build import wrap

ENVIRONMENT, BATCH = "Humanoid-v5", 8
LENGTHS = 60, 211
PLAIN = "plain PyTorch"
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def write_rollouts(path: Path, n_episodes: int, spec: PolicySpec) -> None:
    rng = np.random.default_rng(0)
    assert isinstance(spec.observation, Signal)
    with RolloutStore(path, Contents(spec, "raw", ENVIRONMENT, {"made up": {}})) as store:
        for number in range(n_episodes):
            steps = int(rng.integers(*LENGTHS))
            actions = rng.uniform(-0.4, 0.4, (steps, *spec.action.shape)).astype(np.float32)
            observations = rng.normal(size=(steps + 1, *spec.observation.shape))
            origin = Origin("made up", "start", number)
            store.add([Episode(origin, observations, actions, actions, np.zeros(steps), truncated=True)])
        store.consolidate()


class PlainNetwork(nn.Module):
    """The network of the fork, with the normalisation of its observations."""

    def __init__(self, n_inputs: int, n_outputs: int, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_inputs))
        self.register_buffer("std", torch.ones(n_inputs))
        self.cells = nn.RNN(n_inputs, width, batch_first=True)
        self.output = nn.Linear(width, n_outputs)

    def forward(self, observations: Tensor) -> Tensor:
        """Return actions, (n, T, ...)."""
        hidden, _ = self.cells((observations - self.mean) / self.std)
        return self.output(hidden)


def train_plainly(file: Path, width: int) -> Iterator[None]:
    """Yield after each update."""
    dataset = RolloutDataset([file])
    first = dataset[0]
    assert not isinstance(first.observations, dict)
    network = PlainNetwork(first.observations.shape[1], first.actions.shape[1], width)
    optimizer = torch.optim.Adam(network.parameters(), 5e-4)
    loader = DataLoader(dataset, BATCH, shuffle=True, collate_fn=_pad)  # type: ignore[arg-type]
    while True:
        for observations, actions, mask in loader:
            squared = torch.square(network(observations) - actions).mean(dim=-1)
            loss = (squared * mask).sum() / mask.sum()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            yield


def _pad(episodes: list[Episode]) -> tuple[Tensor, Tensor, Tensor]:
    observations = [
        torch.as_tensor(np.asarray(one.observations)[:-1], dtype=torch.float32) for one in episodes
    ]
    actions = [torch.as_tensor(one.means) for one in episodes]
    mask = pad_sequence([torch.ones(len(one)) for one in episodes], batch_first=True)
    return pad_sequence(observations, batch_first=True), pad_sequence(actions, batch_first=True), mask


def train_ours(file: Path, width: int, precision: str) -> Iterator[None]:
    """Yield after each update."""
    distillation = {
        "files": [str(file)],
        "model": "rnn",
        "width": width,
        "batch_size": BATCH,
        "validation": 0.0,
        "precision": precision,
    }
    mapping = {
        "environment": {"id": ENVIRONMENT, "normalize": {"observation": True}},
        "training": {
            "algorithm": "distillation",
            "distillation": distillation,
            "training": {"device": "cpu"},
        },
    }
    config = load_config_mapping(mapping).config
    env = wrap(make_vector_env(config.environment), config.environment)
    learner = DistillationLearner(config.training, env, seed=0)
    learner.start()
    while True:
        learner.iterate(lambda phase: None)
        yield


def rate(updates: Iterator[None], n: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return updates a second."""
    start = clock()
    for _ in range(n):
        next(updates)
    return n / (clock() - start)


def parse_options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--episodes", type=int, default=64)
    parser.add_argument("--updates", type=int, default=8, help="in a measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="with other work on the machine: cpu, and one thread"
    )
    parser.add_argument("--output", type=Path, default=Path("build", "bench_distillation.json"))
    return parser.parse_args(words)


def main(options: argparse.Namespace) -> None:
    machine = print_machine()
    torch.set_num_threads(options.threads)
    config = load_config_mapping({"environment": {"id": ENVIRONMENT}}).config
    env = make_vector_env(config.environment)
    action = signals_of(env.single_action_space)
    observation = signals_of(env.single_observation_space)
    assert isinstance(action, Signal)
    with TemporaryDirectory() as folder:
        file = Path(folder, "rollouts.hdf5")
        write_rollouts(file, options.episodes, PolicySpec("rollouts", observation, observation, action))
        contenders = {
            PLAIN: train_plainly(file, options.width),
            "distill": train_ours(file, options.width, "32-true"),
            "distill, bf16-mixed": train_ours(file, options.width, "bf16-mixed"),
        }
        for updates in contenders.values():  # an epoch, in which files are read for the first time
            rate(updates, -(-options.episodes // BATCH))
        measures: dict[str, Callable[[], float]] = {
            name: lambda updates=updates: rate(updates, options.updates, CLOCKS[options.clock])
            for name, updates in contenders.items()
        }
        rates = in_turn(measures, options.rounds)
    lines = [("", "updates/s", "ratio")]
    ratios = {name: median_ratio(values, rates[PLAIN]) for name, values in rates.items()}
    lines += [
        (name, f"{sorted(rates[name])[options.rounds // 2]:.2f}", f"{ratios[name]:.2f}") for name in rates
    ]
    print(as_table(lines))
    write_json("distillation", machine, options, rates=rates, ratios=ratios)


if __name__ == "__main__":
    main(parse_options())
