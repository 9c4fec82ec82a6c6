"""Time to decode a message of a Unity build, relative to stock mlagents_envs in the same run.

    python benchmarks/mlagents_decode.py

Both begin with the message as bytes, parse it with the same protobuf and end with batched arrays.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from rl_pipeline.envs.unity import messages
from rl_pipeline.envs.unity.decode import decode_agents


def message(n_agents: int, n_floats: int) -> tuple[bytes, Any]:
    """Return a message's bytes and the parameters of its behaviour."""
    output = messages.message_class("UnityRLOutputProto")()
    numbers = np.random.default_rng(0).normal(size=(n_agents, n_floats)).astype(np.float32)
    for index, row in enumerate(numbers):
        agent = output.agentInfos["Agent"].value.add(id=index, reward=0.5)
        sensor = agent.observations.add(shape=[n_floats], dimension_properties=[1])
        sensor.float_data.data.extend(row.tolist())
    parameters = messages.message_class("BrainParametersProto")(brain_name="Agent")
    parameters.action_spec.num_continuous_actions = 8
    return output.SerializeToString(), parameters


def seconds(decode: Callable[[], Any], repeats: int) -> float:
    """Return the time of a call."""
    begin = time.perf_counter()
    for _ in range(repeats):
        decode()
    return (time.perf_counter() - begin) / repeats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=64)
    parser.add_argument("--floats", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repeats", type=int, default=50)
    arguments = parser.parse_args()
    messages.load()
    from mlagents_envs.rpc_utils import behavior_spec_from_proto, steps_from_proto

    data, parameters = message(arguments.agents, arguments.floats)
    parse = messages.message_class("UnityRLOutputProto").FromString
    spec = behavior_spec_from_proto(parameters, parse(data).agentInfos["Agent"].value[0])

    def ours() -> Any:
        return decode_agents(parse(data).agentInfos["Agent"].value, "Agent")

    def stock() -> Any:
        return steps_from_proto(parse(data).agentInfos["Agent"].value, spec)

    np.testing.assert_array_equal(ours().observations[0], stock()[0].obs[0])
    rounds = [
        (seconds(ours, arguments.repeats), seconds(stock, arguments.repeats)) for _ in range(arguments.rounds)
    ]
    ratio = statistics.median(theirs / own for own, theirs in rounds)
    own, theirs = (1e6 * statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{arguments.agents} agents x {arguments.floats} floats, microseconds per message")
    print(f"ours {own:.0f}  mlagents_envs {theirs:.0f}  ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
