"""Data-parallel training: several processes, called ranks, train one policy."""
