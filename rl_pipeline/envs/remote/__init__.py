"""Vector environments whose environments are in other programs, independent of the connection."""
