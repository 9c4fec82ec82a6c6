"""From a finished run to a robot: export, the policy's control loop, recording and replay."""
