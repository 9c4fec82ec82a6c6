import pytest

from rl_pipeline.ros_namespace import absolute, namespace_of, with_absolute_namespaces


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", "/"), ("/", "/"), ("left", "/left"), ("/left", "/left"), ("left/", "/left"), ("a/b", "/a/b")],
)
def test_a_namespace_needs_no_slash(given: str, expected: str) -> None:
    assert absolute(given) == expected


def test_only_namespaces_are_changed() -> None:
    arguments = ["train", "--ros-args", "-r", "__ns:=left", "--remap", "train:__ns:=a/b", "-r", "odom:=other"]
    changed = ["train", "--ros-args", "-r", "__ns:=/left", "--remap", "train:__ns:=/a/b", "-r", "odom:=other"]
    assert with_absolute_namespaces(arguments) == changed
    parameter = ["--ros-args", "-p", "__ns:=left"]
    assert with_absolute_namespaces(parameter) == parameter


def test_the_namespace_of_a_command_line_is_found() -> None:
    assert namespace_of(["train", "--ros-args", "-r", "__node:=other", "-r", "__ns:=left"]) == "/left"
    assert namespace_of(["rl-pipeline", "train"]) == "/"
