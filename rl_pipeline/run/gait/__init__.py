"""Gait evaluation of runs that follow reference motions, as gait laboratories do it."""
