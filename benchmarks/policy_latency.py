"""Latency of one action of an exported policy, and growth of memory at a fixed rate.

    python benchmarks/policy_latency.py [FILE.onnx]

Without a file, a network of 256x256 for the spaces of HalfCheetah-v5 is made, with normalised observations. First
`OnnxPolicy.act` and onnxruntime's bare `session.run` with inputs that are made once act in turn. Then the policy acts
at a fixed rate. Its process's memory is compared before and after.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import psutil
from gymnasium import spaces
from numpy.typing import NDArray

from rl_pipeline.bench.report import as_table, print_machine, write_json
from rl_pipeline.bench.rounds import in_turn, median_ratio
from rl_pipeline.config.loading import load_config_mapping
from rl_pipeline.deploy.graph import write_graph
from rl_pipeline.learners.policy_spec import signals_of
from rl_pipeline.learners.registry import learner_class
from rl_pipeline.policies.onnx import DTYPES, OnnxPolicy
from rl_pipeline.policies.spec import PolicySpec, Signal
from rl_pipeline.policies.transforms import Normalize

WARM_UP_SECONDS = 1.0
ACT, BARE = "OnnxPolicy.act", "session.run"


def write_example(file: Path) -> None:
    observation = spaces.Box(-np.inf, np.inf, (17,), np.float64)
    seen, action = spaces.Box(-10, 10, (17,), np.float32), spaces.Box(-1, 1, (6,), np.float32)
    training = {"algorithm": "sac", "architecture": {"net_arch": [256, 256]}}
    config = load_config_mapping({"environment": {"id": "HalfCheetah-v5"}, "training": training}).config
    policy = learner_class(config.training).for_acting(config.training, seen, action)
    normalize = Normalize({"observation": np.zeros(17)}, {"observation": np.ones(17)})
    command = signals_of(action)
    assert isinstance(command, Signal)
    spec = PolicySpec("learner", signals_of(observation), signals_of(seen), command, transforms=(normalize,))
    write_graph(policy.network(), spec, file)


def make_contenders(file: Path) -> dict[str, Callable[[], object]]:
    """Give what acts once on one observation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    feeds = {each.name: np.zeros((1, *each.shape[1:]), DTYPES[each.type]) for each in session.get_inputs()}
    outputs = [each.name for each in session.get_outputs()]
    policy = OnnxPolicy(file)
    parts = {name: feeds[name] for name in policy.input_types}
    observation = parts["observation"] if parts.keys() == {"observation"} else parts
    masks = np.ones((1, policy.n_masked), bool) if policy.n_masked else None
    memory, no_start = (
        policy.act(observation, None, np.ones(1, bool), action_masks=masks)[1],
        np.zeros(1, bool),
    )
    return {
        BARE: lambda: session.run(outputs, feeds),
        ACT: lambda: policy.act(observation, memory, no_start, action_masks=masks),
    }


def call_times(act: Callable[[], object], calls: int) -> NDArray[np.float64]:
    """Return the microseconds of each call."""
    moments = np.empty(calls + 1, np.int64)
    moments[0] = time.perf_counter_ns()
    for index in range(1, calls + 1):
        act()
        moments[index] = time.perf_counter_ns()
    return np.diff(moments) / 1e3


def act_at_rate(act: Callable[[], object], rate: float, seconds: float) -> tuple[NDArray[np.float64], int]:
    """Act at a rate by the steady clock; return the microseconds of each action, and the growth of memory."""
    calls, period = int(rate * seconds), 1.0 / rate
    times = np.full(calls, np.nan)  # written to, so that its memory is there already
    process = psutil.Process()
    memory = process.memory_info().rss
    start = time.perf_counter()
    for index in range(calls):
        time.sleep(max(0.0, start + index * period - time.perf_counter()))
        before = time.perf_counter_ns()
        act()
        times[index] = (time.perf_counter_ns() - before) / 1e3
    return times, process.memory_info().rss - memory


def row_of(name: str, times: NDArray[np.float64]) -> list[str]:
    return [name, *(f"{value:.1f}" for value in np.percentile(times, [50, 99, 99.9]))]


def main(options: argparse.Namespace) -> None:
    machine = print_machine()
    with TemporaryDirectory() as folder:
        file = options.file or Path(folder, "policy.onnx")
        if options.file is None:
            write_example(file)
        contenders = make_contenders(file)
    measures = {name: lambda act=act: call_times(act, options.calls) for name, act in contenders.items()}
    in_turn(measures, 1)
    measured = in_turn(measures, options.rounds)
    medians = {name: [float(np.median(times)) for times in rounds] for name, rounds in measured.items()}
    ratio = median_ratio(medians[ACT], medians[BARE])
    act_at_rate(contenders[ACT], options.rate, WARM_UP_SECONDS)
    paced = {name: act_at_rate(act, options.rate, options.seconds) for name, act in contenders.items()}
    growth = paced[ACT][1]
    everything = {name: np.concatenate(rounds) for name, rounds in measured.items()}
    everything |= {f"{name} at {options.rate:g} Hz": times for name, (times, _) in paced.items()}
    lines = [["microseconds", "median", "p99", "p99.9"]]
    print(as_table(lines + [row_of(name, times) for name, times in everything.items()]))
    print(f"ratio of the medians: {ratio:.2f}; growth of memory: {growth / 1024:.0f} KiB")
    percentiles = {
        name: dict(
            zip(("median", "p99", "p99.9"), np.percentile(times, [50, 99, 99.9]).tolist(), strict=True)
        )
        for name, times in everything.items()
    }
    write_json("policy_latency", machine, options, microseconds=percentiles, ratio=ratio, growth_bytes=growth)


def parse_options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "file", type=Path, nargs="?", metavar="FILE.onnx", help="what 'rl-pipeline export' wrote"
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=5000, help="calls of each contender in a round")
    parser.add_argument("--rate", type=float, default=500.0, help="actions per second")
    parser.add_argument("--seconds", type=float, default=60.0, help="at that rate, for each contender")
    parser.add_argument("--output", type=Path, default=Path("build", "bench_policy_latency.json"))
    return parser.parse_args(words)


if __name__ == "__main__":
    main(parse_options())
