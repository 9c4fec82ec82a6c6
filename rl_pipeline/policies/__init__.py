"""Trained policies that act, with only NumPy if their kind allows it."""
