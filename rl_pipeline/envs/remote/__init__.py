"""Vector environments whose environments are in other programs, however these are reached."""
