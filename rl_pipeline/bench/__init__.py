"""Benchmarks of this machine, which measure everything that they compare in turn, in one run."""
