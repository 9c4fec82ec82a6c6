"""Robots of the package, each with an MJCF file and a task."""
