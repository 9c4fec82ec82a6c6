"""The checked configuration: schema, loading with defaults and overrides, errors."""
