from rl_pipeline.envs.ros.run_name import named_after, node_name


def test_nodes_are_named_after_their_run_and_differ() -> None:
    with named_after("walker-2_2026-01-31_12-00-00"):
        names = [node_name("environment") for _ in range(2)]
    assert names == [f"walker_2_2026_01_31_12_00_00_environment{end}" for end in ("", "_2")]
    assert node_name("environment").startswith("rl_pipeline_environment")


def test_a_name_begins_with_a_letter_and_is_ascii() -> None:
    with named_after("3 Läufer"):
        assert node_name("environment") == "run_3_L_ufer_environment"
