"""Distillation: training of one policy on the recorded episodes of others."""
