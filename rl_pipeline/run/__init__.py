"""Runs: training, checkpoints and resume, evaluation, films; everything that reads or writes a run's folder."""
