"""Pictures of what a robot does: rendering without a display, and films."""
