"""Distillation: one policy learns from the recorded episodes of others."""
