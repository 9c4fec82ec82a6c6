import struct

import pytest

from rl_pipeline.config.unity import EngineSettings, Gaussian, Ranges, Uniform
from rl_pipeline.envs.unity import messages, side_channels
from rl_pipeline.envs.unity.side_channels import AVERAGE, MOST_RECENT, STATISTICS, SUM


def statistic(name: str, value: float, how: int) -> bytes:
    payload = struct.pack("<i", len(name)) + name.encode() + struct.pack("<fi", value, how)
    return side_channels.pack(STATISTICS, payload)


def test_parameters_are_packed_as_by_the_genuine_channel() -> None:
    messages.load()
    from mlagents_envs.side_channel.environment_parameters_channel import EnvironmentParametersChannel
    from mlagents_envs.side_channel.side_channel_manager import SideChannelManager

    stock = EnvironmentParametersChannel()
    stock.set_float_parameter("a", 2.5)
    stock.set_uniform_sampler_parameters("b", 1.0, 2.0, 7)
    stock.set_gaussian_sampler_parameters("c", 0.0, 3.0, 7)
    stock.set_multirangeuniform_sampler_parameters("d", [(0.0, 1.0), (4.0, 5.0)], 7)
    values = [2.5, Uniform(uniform=[1, 2]), Gaussian(gaussian=[0, 3]), Ranges(ranges=[[0, 1], [4, 5]])]
    ours = [side_channels.parameter(name, value, 7) for name, value in zip("abcd", values, strict=True)]
    assert b"".join(ours) == SideChannelManager([stock]).generate_side_channel_messages()


def test_engine_settings_are_packed_as_by_the_genuine_channel() -> None:
    messages.load()
    from mlagents_envs.side_channel.engine_configuration_channel import EngineConfigurationChannel
    from mlagents_envs.side_channel.side_channel_manager import SideChannelManager

    stock = EngineConfigurationChannel()
    stock.set_configuration_parameters(80, 60, 2, 10.0, 30, 60)
    settings = EngineSettings(
        width=80, height=60, quality=2, time_scale=10.0, target_frame_rate=30, capture_frame_rate=60
    )
    theirs = side_channels.unpack(SideChannelManager([stock]).generate_side_channel_messages())
    ours = side_channels.unpack(side_channels.engine(settings))
    assert sorted(payload for _, payload in ours) == sorted(payload for _, payload in theirs)


def test_statistics_are_aggregated_as_unity_asks() -> None:
    data = [
        statistic(name, value, how)
        for name, how in (("mean", AVERAGE), ("last", MOST_RECENT), ("sum", SUM))
        for value in (1.0, 3.0)
    ]
    assert side_channels.statistics(b"".join(data)) == {"mean": 2.0, "last": 3.0, "sum": 4.0}


def test_a_message_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="truncated"):
        list(side_channels.unpack(statistic("a", 1.0, SUM)[:-1]))
