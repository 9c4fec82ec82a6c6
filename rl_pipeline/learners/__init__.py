"""Learners: what turns experience into a policy."""
