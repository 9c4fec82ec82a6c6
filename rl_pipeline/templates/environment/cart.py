"""A cart on a rail that drives to a flag and stops there."""

import gymnasium
import numpy as np
from gymnasium import spaces


class Cart(gymnasium.Env):
    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(self, max_speed=2.0, render_mode=None):
        self.max_speed, self.render_mode = max_speed, render_mode
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.distance, self.speed, self.n_steps = self.np_random.uniform(-1, 1), 0.0, 0
        return self.observe(), {}

    def step(self, action):
        self.speed = float(np.clip(self.speed + 0.2 * action[0], -self.max_speed, self.max_speed))
        self.distance += 0.05 * self.speed
        self.n_steps += 1
        has_stopped = abs(self.distance) < 0.05 and abs(self.speed) < 0.1
        reward = 1.0 if has_stopped else -abs(self.distance)
        lost, late = abs(self.distance) > 2, self.n_steps == 100
        return self.observe(), reward, lost, late, {"is_success": has_stopped, "distance": self.distance}

    def observe(self):
        return np.array([self.distance, self.speed], np.float32)

    def render(self):
        picture = np.full((64, 256, 3), 255, np.uint8)
        column = 128 + int(60 * self.distance)
        picture[:, 126:130] = (200, 60, 60)
        picture[24:40, max(column - 8, 0) : column + 8] = (40, 90, 200)
        return picture
