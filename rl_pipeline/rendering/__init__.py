"""Rendering of robots, with or without a display, and films."""
