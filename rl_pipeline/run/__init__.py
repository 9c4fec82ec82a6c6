"""Training, checkpoints and resume, evaluation, films: what reads or writes a run's folder."""
