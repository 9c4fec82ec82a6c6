"""Robots that come with the package, each an MJCF file and a task beside it."""
