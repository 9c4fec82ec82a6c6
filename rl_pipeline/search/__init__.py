"""Searches over settings: sweeps of trainings, on this machine or on a cluster."""
