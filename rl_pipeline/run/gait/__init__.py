"""Gait evaluation of runs that follow reference motions, as in gait laboratories."""
