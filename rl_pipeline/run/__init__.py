"""Training, checkpoints, resuming, evaluation and films: all code that reads or writes a run's folder."""
