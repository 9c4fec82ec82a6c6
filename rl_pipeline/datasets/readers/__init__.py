"""Readers of motions in other formats, one file each."""
