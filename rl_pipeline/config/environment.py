"""The section `environment`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
)

from rl_pipeline.config.backend import Backend, Gymnasium, Mujoco, Traits
from rl_pipeline.config.class_spec import NamedClass
from rl_pipeline.config.errors import nearest
from rl_pipeline.config.ros_services import RosServices
from rl_pipeline.config.ros_topics import RosTopics
from rl_pipeline.config.section import InvalidValueError, NonNegative, Positive, Section, Text
from rl_pipeline.config.unity import Unity
from rl_pipeline.config.unity_ros import UnityRos

ClipRange = Annotated[float, Field(gt=0, allow_inf_nan=True)]


class Normalize(Section):
    """Normalisation by running statistics."""

    observation: bool = False
    """Shift and scale observations to mean 0 and variance 1."""
    reward: bool = False
    """Scale rewards by the standard deviation of the discounted return."""
    clip_observation: ClipRange = 10.0
    """Largest absolute normalised observation."""
    clip_reward: ClipRange = 10.0
    """Largest absolute normalised reward."""
    epsilon: Annotated[float, Field(gt=0)] = 1e-8
    """Added to variances before dividing by their root."""


def _normalize_from_yaml(value: Any) -> Any:
    details = Normalize.model_fields.keys() - {"observation", "reward"}
    if isinstance(value, bool):
        return {"observation": value, "reward": value}
    if isinstance(value, Mapping) and value and value.keys() <= details:
        remedy = "add `observation: true`, `reward: true` or both"
        raise InvalidValueError("normalises neither observation nor reward", remedy=remedy)
    return value


def _known_backend(name: Any) -> str:
    if name not in list(BACKENDS):  # it may be unhashable
        meant = nearest(str(name), BACKENDS)
        remedy = f"write {meant or 'one of them'}"
        message = "is not a valid value"
        raise InvalidValueError(message, valid=list(BACKENDS), nearest=meant, remedy=remedy)
    return str(name)


def _list_backends(schema: dict[str, Any]) -> None:
    schema["enum"] = list(BACKENDS)


def _only_in_files(value: Any) -> Any:
    """Refuse keys that `resolve_env_config` did not move to `kwargs`."""
    if isinstance(value, Mapping | str):
        remedy = "write the arguments below kwargs, or load the configuration with load_config_mapping"
        raise InvalidValueError("was not read into kwargs", remedy=remedy)
    return value


class Environment(Section):
    """The simulator: the environment, the number of environments, and their wrappers."""

    id: Text
    """Registered id, e.g. 'BipedalWalker-v3', or your own class as path/to/file.py:Class or package.module:Class."""
    backend: Annotated[
        str,
        PlainValidator(_known_backend, json_schema_input_type=str),
        Field(json_schema_extra=_list_backends),
    ] = "gymnasium"
    """Backend that steps the environments: any registered Gymnasium id, our batched MuJoCo tasks, simulations behind
    ROS services, robots behind ROS topics, or Unity builds, over ML-Agents or ROS-TCP."""
    n_environments: Positive = 1
    """Number of environments that are stepped together."""
    n_workers: NonNegative = 0
    """Number of worker processes, which share the environments; 0 steps all environments in this process."""
    max_worker_restarts: NonNegative = 3
    """Number of times that workers that died are restarted before the run fails."""
    step_timeout: Annotated[float, Field(gt=0)] | None = 300.0
    """Seconds after which environments of `backend: gymnasium` that do not return from a step are reported; a worker
    is then restarted. After a request to stop, they get at most 20 s. null waits forever."""
    env_config: Annotated[
        None,
        BeforeValidator(_only_in_files, json_schema_input_type=dict[str, Any] | str | None),
        Field(exclude=True),
    ] = None
    """Keyword arguments for the environment, or the path of a YAML file with them; `kwargs` overrides them."""
    kwargs: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments for the environment."""
    evaluation_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Keyword arguments that replace those of `kwargs` wherever a policy is evaluated or played."""
    render_mode: Literal["rgb_array", "human"] | None = None
    """Render mode of environment 0: 'rgb_array' for films, 'human' for a window."""
    monitor: bool = True
    """Record return, length and the task's own metrics of every episode."""
    wrappers: list[NamedClass] = Field(default_factory=list)
    """Wrappers from the innermost to the outermost: names, or names with arguments."""
    normalize: Annotated[
        Normalize, BeforeValidator(_normalize_from_yaml, json_schema_input_type=bool | Normalize)
    ] = Normalize()
    """Normalisation of observations and rewards: true for both, false for none, or a mapping."""
    video_wrapper: bool = False
    """Film environment 0 during training."""
    video_trigger: Positive = 5000
    """Steps of environment 0 from the start of one film to the start of the next."""
    video_length: Positive = 500
    """Environment steps in a film."""
    randomization: dict[str, Any] | None = None
    """Domain randomisation; the backend checks its keys."""

    # The registry of backends with a section: one line for each backend, named like it.
    ros: RosServices | None = None
    """The simulations of `backend: ros`, which are stepped through services."""
    ros_topics: RosTopics | None = None
    """The robots of `backend: ros_topics`."""
    unity: Unity | None = None
    """The builds of `backend: unity`, whose agents are the environments."""
    unity_ros: UnityRos | None = None
    """The Unity programs of `backend: unity_ros`, which connect to the training over ROS-TCP."""

    @property
    def section(self) -> Backend | None:
        """The section of the selected backend; None if the file or the backend does not have one."""
        return getattr(self, self.backend, None)

    @property
    def traits(self) -> Traits:
        """Properties of the environments of the selected backend."""
        # If a required section is missing, which its factory refuses, the traits are those of its defaults.
        return (self.section or BACKENDS[self.backend].model_construct()).traits

    @field_validator("n_workers")
    @classmethod
    def _no_idle_workers(cls, n_workers: int, info: ValidationInfo) -> int:
        backend = info.data.get("backend")
        if n_workers > 0 and backend is not None and not BACKENDS[backend].has_workers:
            able = [name for name, other in BACKENDS.items() if other.has_workers]
            raise InvalidValueError(
                f"the backend {backend} has no worker processes",
                valid=["0"],
                remedy=f"set n_workers: 0, or backend: {' or '.join(able)}",
            )
        n_environments = info.data.get("n_environments")
        if n_environments is not None and n_workers > n_environments:
            raise InvalidValueError(
                f"more workers than environments ({n_environments})",
                valid=[f"0 to {n_environments}"],
                remedy=f"set n_workers to at most {n_environments}, or raise n_environments",
            )
        return n_workers

    @field_validator("*")
    @classmethod
    def _read_by_the_backend(cls, value: Any, info: ValidationInfo) -> Any:
        backend, needed = info.data.get("backend"), OWNERS.get(info.field_name or "")
        if needed is not None and value is not None and backend not in (None, needed):
            raise InvalidValueError(
                f"the backend {backend} does not read it",
                remedy=f"remove it, or set environment.backend: {needed}",
            )
        return value


def _sections() -> Iterator[tuple[str, type[Backend]]]:
    for name, field in Environment.model_fields.items():
        for option in get_args(field.annotation):
            if isinstance(option, type) and issubclass(option, Backend):
                yield name, option


BACKENDS: dict[str, type[Backend]] = {"gymnasium": Gymnasium, "mujoco": Mujoco, **dict(_sections())}
"""All backends by name: those without a section, and those whose sections are keys of `Environment`."""

OWNERS = {key: name for name, backend in BACKENDS.items() for key in (name, *backend.keys)}
"""The backend that is the only one to read a key of `environment`."""
