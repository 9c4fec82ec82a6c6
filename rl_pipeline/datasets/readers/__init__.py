"""Readers of motions in the formats of others, one file each."""
