"""Building blocks of feature extractors."""
