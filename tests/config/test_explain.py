from rl_pipeline.config.explain import explain
from rl_pipeline.config.loading import load_config

from .conftest import Write

TEXT = """
environment:
  id: Ant-v5
  kwargs: {note: "two\\nlines # here"}
  wrappers:
    - Noise
    - FrameStack: {n: 4}
training:
  architecture:
    net_arch: {pi: [64, 64]}
"""


def test_every_value_is_followed_by_its_origin(write: Write) -> None:
    loaded = load_config(write(TEXT), ["training.algorithm=sac"], default_file=None)
    lines = [tuple(map(str.strip, line.rsplit("  # ", 1))) for line in explain(loaded).splitlines()]
    assert ("id: Ant-v5", "x.yaml:2") in lines
    assert ("algorithm: sac", "command line") in lines
    assert ("seed: 0", "default") in lines
    assert ('note: "two\\nlines # here"', "x.yaml:3") in lines
    assert ("- Noise", "x.yaml:5") in lines
    assert ("n: 4", "x.yaml:6") in lines
    assert ("pi: [64, 64]", "x.yaml:9") in lines
    assert ("net_arch:",) in lines
    assert ("policy_kwargs: {}", "default") in lines


def test_the_explanation_is_itself_the_configuration(write: Write) -> None:
    loaded = load_config(write(TEXT))
    assert load_config(write(explain(loaded), "explained.yaml"), default_file=None).config == loaded.config
