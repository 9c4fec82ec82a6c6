"""Tasks for any robot: its model and what it is to do are arguments."""
