"""Train robot policies in simulation from checked YAML files and run them on robots."""

__version__ = "0.1.0"
