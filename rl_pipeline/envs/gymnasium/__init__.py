"""The default backend: `gymnasium.Env` objects in this process or in worker processes, with their states."""
