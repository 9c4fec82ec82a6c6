"""Vector wrappers: what happens to observations, actions and rewards between a simulator and a learner."""
