"""The section of `environment` for Unity builds with ML-Agents."""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from rl_pipeline.config.backend import Backend, Traits, WhatAndKey
from rl_pipeline.config.section import InvalidValueError, NonNegative, Positive, Section, Text

Seconds = Annotated[float, Field(gt=0)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]


class Uniform(Section):
    """Values drawn uniformly by Unity."""

    uniform: Pair
    """Lowest and highest value."""


class Gaussian(Section):
    """Values drawn from a normal distribution by Unity."""

    gaussian: Pair
    """Mean and standard deviation."""


class Ranges(Section):
    """Values drawn uniformly from several intervals by Unity."""

    ranges: Annotated[list[Pair], Field(min_length=1)]
    """Lowest and highest value of each interval."""


class Curriculum(Section):
    """A value that changes during the training."""

    curriculum: Annotated[list[Pair], Field(min_length=1)]
    """Pairs of a timestep (summed over environments) and the value from then on; the first timestep is 0."""

    @field_validator("curriculum")
    @classmethod
    def _rises_from_zero(cls, steps: list[list[float]]) -> list[list[float]]:
        starts = [start for start, _ in steps]
        if starts[0] != 0 or starts != sorted(set(starts)):
            remedy = f"begin with [0, {steps[0][1]}], and order the points by increasing timestep"
            raise InvalidValueError("must start at timestep 0 and have increasing timesteps", remedy=remedy)
        return steps


class EngineSettings(Section):
    """Settings of Unity's engine; null leaves a setting to the build."""

    width: Positive | None = None
    """Width of the window in pixels; with `height`."""
    height: Positive | None = None
    """Height of the window in pixels; with `width`."""
    quality: NonNegative | None = None
    """Index of the quality level."""
    time_scale: Annotated[float, Field(gt=0)] | None = 20.0
    """Simulated seconds per second, at most."""
    target_frame_rate: Annotated[int, Field(ge=-1)] | None = -1
    """Frames per second; -1 for no limit."""
    capture_frame_rate: NonNegative | None = 60
    """Simulated frames per simulated second; 0 couples simulated time to the clock."""

    @field_validator("height")
    @classmethod
    def _both_sides(cls, height: int | None, info: ValidationInfo) -> int | None:
        if (height is None) != (info.data.get("width") is None):
            raise InvalidValueError("width and height belong together", remedy="give both or neither")
        return height


class PolicyOfRun(Section):
    """A trained policy."""

    policy: Text
    """Path of its run, of one of the run's checkpoints, or of a model.zip in either."""


class Unity(Backend):
    """Unity builds, each a process with a part of the environments; an agent is an environment."""

    maker: ClassVar[str] = "rl_pipeline.envs.unity:make_mlagents_vector_env"

    build_path: Text | None = None
    """Executable of the build; null waits for the Play button of the Unity editor."""
    n_instances: Positive = 1
    """Number of processes, which share the environments."""
    base_port: Positive | None = None
    """Port of the first process, incremented for the others; null takes free ports (the editor always uses 5004)."""
    arguments: list[Text] = Field(default_factory=list)
    """Further command-line arguments of the build."""
    headless: bool = True
    """Run without graphics; a build with cameras needs them."""
    log_folder: Text = "logs/unity"
    """Folder of the builds' log files."""
    engine: EngineSettings = EngineSettings()
    """Settings of Unity's engine."""
    parameters: dict[str, float | Uniform | Gaussian | Ranges | Curriculum] = Field(default_factory=dict)
    """Environment parameters of the scene: numbers, samplers or curricula."""
    trained_behaviour: Text | None = None
    """Behaviour that is trained, without '?team=...'; may be null if there is only one."""
    other_behaviours: dict[str, Text | PolicyOfRun] = Field(default_factory=dict)
    """Control of the other behaviours, by name: 'still', a policy, or a rule, package.module:function or
    path/to/file.py:function, which gets the observations and returns the actions. The default is 'still'."""
    terminated_is_success: bool = False
    """Count episodes that end before their time limit as successes; for scenes that end at a goal."""
    timeout: Seconds = 60.0
    """Time limit in seconds for an answer of a build, and for its start."""
    max_restarts: NonNegative = 3
    """Total number of restarts of builds that crashed."""

    @property
    def traits(self) -> Traits:
        """See `Backend.traits`."""
        return Traits(renders=False, exact_state=False, started_by_hand=self.build_path is None)

    def executed(self) -> Iterator[WhatAndKey]:
        """See `Backend.executed`."""
        if self.build_path is not None:
            yield self.build_path, "build_path"
        for behaviour, other in self.other_behaviours.items():
            if isinstance(other, PolicyOfRun):
                yield f"the run {other.policy}", f"other_behaviours.{behaviour}.policy"
