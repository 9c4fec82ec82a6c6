"""Networks: feature extractors that a YAML file names, and the blocks they are built of."""
