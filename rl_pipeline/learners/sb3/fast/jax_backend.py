"""The only module that imports JAX: lazily, since this takes a second, and only for the CPU."""

import random
import warnings
from types import ModuleType

import numpy as np

from rl_pipeline.learners.sb3.fast.coverage import NotCovered


def load_jax() -> ModuleType:
    """Import JAX with the CPU as its only platform.

    The first import draws from the global random generators, which must not affect a training: they are restored
    afterwards.

    Raises:
        NotCovered: JAX is not installed.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        import jax
    except ImportError as error:
        raise NotCovered(f"JAX is missing ({error}; `pip install jax` brings it)") from error
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
    jax.config.update("jax_platforms", "cpu")
    # Child processes of a training (ffmpeg, git) run another program at once; none continues as a fork.
    warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called", category=RuntimeWarning)
    return jax
