"""Policies: how a trained policy acts, with NumPy alone where its kind allows it."""
