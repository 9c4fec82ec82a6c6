"""Recorded data that policies learn from: rollouts of experts."""
