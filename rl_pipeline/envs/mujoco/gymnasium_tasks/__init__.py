"""The MuJoCo v5 environments of Gymnasium as batched tasks, equal to them under the same seed and actions."""
