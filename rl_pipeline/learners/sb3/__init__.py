"""Algorithms: which there are, how YAML becomes their arguments, and how one iteration of each runs."""
