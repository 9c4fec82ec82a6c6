"""Grasping with a Panda-like arm and three grippers: goal tasks for hindsight replay."""
