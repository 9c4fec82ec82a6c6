"""Tasks for any robot: the model and the goal are arguments."""
