"""Learners, which turn experience into a policy."""
