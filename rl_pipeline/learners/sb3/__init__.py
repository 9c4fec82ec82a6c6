"""Algorithms of Stable-Baselines3: registry, arguments from YAML, and their iterations."""
