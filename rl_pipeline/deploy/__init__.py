"""From a run to a robot: policies in files that act without the training stack."""
