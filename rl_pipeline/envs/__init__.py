"""Simulators behind one interface: every backend is a `gymnasium.vector.VectorEnv` with same-step autoreset."""
