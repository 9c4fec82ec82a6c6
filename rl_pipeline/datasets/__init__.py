"""Data that policies learn from: reference motions."""
