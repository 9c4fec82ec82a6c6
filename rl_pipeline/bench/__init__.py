"""Benchmarks of this machine: everything that is compared is measured in turn, in one run."""
