"""Vector wrappers, which change observations, actions and rewards between a simulator and a learner."""
