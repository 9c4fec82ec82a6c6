"""Deployment of a finished run on a robot: export, the policy's control loop, recording and replay."""
