"""Recorded data for learning: reference motions, and rollouts of experts."""
