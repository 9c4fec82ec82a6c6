"""A cart on a rail that lives behind topics, 50 times a second with jitter; run it as a program.

It publishes /joint_states (position, velocity) and /camera/image_raw, obeys /cmd_vel.linear.x (m/s^2), is put to
position 1 by /reset, and misbehaves when /trouble (String) says so: silent, nan, short, old.
"""

import contextlib
import random

import rclpy
from geometry_msgs.msg import Twist
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

PERIOD = 0.02


class Cart(Node):
    """The cart."""

    def __init__(self) -> None:
        super().__init__("cart")
        self.random = random.Random(0)
        self.position, self.velocity, self.force = 0.0, 0.0, 0.0
        self.trouble = ""
        self.joint_states = self.create_publisher(JointState, "joint_states", qos_profile_sensor_data)
        self.image = self.create_publisher(Image, "camera/image_raw", qos_profile_sensor_data)
        self.create_subscription(Twist, "cmd_vel", self.obey, 1)
        self.create_subscription(String, "trouble", self.take_trouble, 1)
        self.create_service(Trigger, "reset", self.reset)
        self.timer = self.create_timer(PERIOD, self.go_on)

    def obey(self, message: Twist) -> None:
        self.force = message.linear.x

    def take_trouble(self, message: String) -> None:
        self.trouble = message.data

    def reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.position, self.velocity, self.trouble = 1.0, 0.0, ""
        response.success = True
        return response

    def go_on(self) -> None:
        self.timer.timer_period_ns = int(PERIOD * self.random.uniform(0.7, 1.3) * 1e9)
        self.velocity += self.force * PERIOD
        self.position += self.velocity * PERIOD
        if self.trouble != "silent":
            self.publish()

    def publish(self) -> None:
        now = self.get_clock().now().to_msg()
        position = float("nan") if self.trouble == "nan" else self.position
        numbers = [] if self.trouble == "short" else [position]
        message = JointState(name=["rail"], position=numbers, velocity=[self.velocity])
        message.header.stamp = now
        if self.trouble == "old":
            message.header.stamp.sec -= 10
        self.joint_states.publish(message)
        picture = Image(height=2, width=3, encoding="bgr8", step=10, data=bytes(range(20)))
        picture.header.stamp = now
        self.image.publish(picture)


def main() -> None:
    rclpy.init()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Cart())


if __name__ == "__main__":
    main()
