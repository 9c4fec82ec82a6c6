"""Export of a checkpoint's policy to an ONNX file that acts without the training stack."""

import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from rl_pipeline.atomic import atomic_write
from rl_pipeline.config.schema import Config
from rl_pipeline.deploy.document import exported_spec, make_document
from rl_pipeline.deploy.graph import write_graph
from rl_pipeline.deploy.parity import Comparison, compare_in_episodes, compare_on_samples
from rl_pipeline.envs.contract import BackendVectorEnv, base_env
from rl_pipeline.errors import RefusedError, UserError
from rl_pipeline.learners.acting_network import CannotExportError
from rl_pipeline.learners.learner import LearnedPolicy
from rl_pipeline.learners.policy_spec import describe_policy
from rl_pipeline.policies.exported import KEY, load_exported
from rl_pipeline.policies.loading import require_known
from rl_pipeline.policies.onnx import OnnxPolicy
from rl_pipeline.policies.policy import PolicyFileError, StandalonePolicy
from rl_pipeline.policies.spec import SPEC, PolicySpec, read_spec
from rl_pipeline.run.checkpoints import Checkpoint
from rl_pipeline.run.folder import RunFolder
from rl_pipeline.run.locate import choose_checkpoint
from rl_pipeline.run.trained_policy import load_learned_policy, open_policy, stored_config

N_ENVIRONMENTS = 4
"""Environments in which the exported policy is compared with its checkpoint."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Export:
    """An exported policy.

    Attributes:
        file: The ONNX file.
        report: The JSON file beside it, with the document that is also in the ONNX file, and its checksum.
        document: That document.
    """

    file: Path
    report: Path
    document: dict[str, Any]


@dataclass(frozen=True)
class _Source:
    """Parts of the export.

    Attributes:
        policy: The policy of the checkpoint without transforms.
        spec: Of the checkpoint.
        described: Spec of the environment now; None if it was not made.
        env: The environment without wrappers; None if it was not made.
    """

    policy: LearnedPolicy[Any]
    spec: PolicySpec
    described: PolicySpec | None = None
    env: BackendVectorEnv | None = None


def report_beside(file: Path) -> Path:
    """Return the name of the report that belongs to `policy.onnx`: `policy.parity.json`."""
    return file.with_name(f"{file.stem}.parity.json")


def export_policy(run: RunFolder, checkpoint: Checkpoint, file: Path) -> Export:
    """Export a policy, and compare it with its checkpoint.

    The comparison makes the environment of the run if it is simulated in this process. For other programs and robots,
    it uses random observations instead.

    Args:
        run: The run.
        checkpoint: Which of its checkpoints.
        file: The ONNX file to write or replace; its folder must exist.

    Raises:
        CheckpointError: The checkpoint is damaged.
        ConfigError: The run's configuration does not load any more, or executes code that is not trusted.
        CannotExportError: The policy cannot be converted to a graph.
        PolicyNeedsMoreError: Its training had wrappers whose transforms are unknown.
        ParityError: The actions of the graph differ from those of the checkpoint.
        OSError: The folder cannot be written or the disk is full.

    After any of these errors, an older file is unchanged.
    """
    checkpoint.verify()
    config = stored_config(run)
    with _opened(run, checkpoint, config) as source, tempfile.TemporaryDirectory() as folder:
        require_known(checkpoint.path, source.spec)
        spec = exported_spec(source.spec, source.described)
        interface = source.env.interface if source.env is not None else None
        notes = [] if (checkpoint.path / SPEC).exists() else [_OLD]
        document = make_document(run, checkpoint, config, spec, interface, notes)
        draft = Path(folder, file.name)
        write_graph(source.policy.network(), source.spec, draft)
        document["parity"] = _compare(source, OnnxPolicy(draft), config.evaluation.seed)
        model = onnx.load(draft)
        onnx.helper.set_model_props(model, {KEY: json.dumps(document, allow_nan=False)})
        onnx.checker.check_model(model)
        onnx.save(model, draft)
        sha256 = load_exported(draft).sha256
        return _publish(file, draft.read_bytes(), document, sha256)


_OLD = (
    "Version 0.1.0 wrote the checkpoint without a description of its policy; shapes and limits are those that the "
    "environment has now."
)


@contextmanager
def _opened(run: RunFolder, checkpoint: Checkpoint, config: Config) -> Iterator[_Source]:
    has_spec = (checkpoint.path / SPEC).exists()
    if config.environment.traits.in_process:
        with open_policy(run, checkpoint, n_episodes=N_ENVIRONMENTS) as trained:
            described = describe_policy(trained.env)
            spec = read_spec(checkpoint.path) if has_spec else described
            yield _Source(trained.policy, spec, described, base_env(trained.env))
    elif not has_spec:
        raise RefusedError(
            f"{checkpoint.path} does not describe its policy's observations, since version 0.1.0 wrote it; only its "
            f"environment {config.environment.id} knows them; resume its training with this version first"
        )
    else:
        spec = read_spec(checkpoint.path)
        yield _Source(load_learned_policy(checkpoint.path, spec), spec)


def _compare(source: _Source, exported: OnnxPolicy, seed: int) -> dict[str, Any]:
    reference = StandalonePolicy(source.policy, source.spec.chain)
    comparison = Comparison(reference, exported, source.spec.action)
    if source.env is None:
        return compare_on_samples(comparison, source.spec, seed=seed)
    return compare_in_episodes(comparison, source.env, seed=seed)


def _publish(file: Path, content: bytes, document: dict[str, Any], sha256: str) -> Export:
    report = report_beside(file)
    with atomic_write(file) as stream:
        stream.write(content)
    with atomic_write(report, mode="w") as stream:
        json.dump({"file": file.name, "sha256": sha256, **document}, stream, indent=1, allow_nan=False)
    return Export(file, report, document)


def export_at_end(run: RunFolder) -> None:
    """Export the final policy of a run whose training has finished, or warn that it cannot be exported."""
    if not stored_config(run).training.checkpoint.export:
        return
    try:
        export_policy(run, choose_checkpoint(run, "final"), run.exported)
    except (CannotExportError, PolicyFileError, UserError, OSError) as error:
        logger.warning("%s was not written: %s", run.exported.name, error)
