"""Trackers of the metrics, films and models of a run: CSV, TensorBoard and W&B behind one interface."""
