"""Where the metrics, films and models of a run go: CSV, TensorBoard and W&B behind one interface."""
