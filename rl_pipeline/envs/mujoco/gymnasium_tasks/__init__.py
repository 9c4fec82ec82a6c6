"""The MuJoCo v5 environments of Gymnasium as batched tasks, with equal results for the same seed and actions."""
