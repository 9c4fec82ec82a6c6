"""Networks: feature extractors for YAML files, and their building blocks."""
