"""Recorded data that policies learn from: reference motions, and rollouts of experts."""
