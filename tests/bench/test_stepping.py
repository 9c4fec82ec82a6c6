from rl_pipeline.bench.bare_thread import BareThread
from rl_pipeline.bench.memory import resident_bytes
from rl_pipeline.bench.stepping import bytes_per_environment, steps_per_second, to_lines
from rl_pipeline.bench.stepping_contenders import CONTENDERS, MOST_OBJECTS, OURS

ROW = {"environment": "Ant-v5", "n": 8, "limit": 12345.6, "speeds": {"ours": 10.0}, "ratios": {"ours": 0.5}}


def test_counts_the_steps_that_were_made() -> None:
    counts: list[int] = []

    def run(count: int) -> int:
        counts.append(count)
        return 8 * count

    speed = steps_per_second(run, seconds=0.02)
    assert counts[0] == 1
    assert 0 < speed <= 8 * sum(counts[1:]) / 0.02


def test_a_contender_that_took_no_part_has_no_ratio() -> None:
    lines = to_lines([ROW, ROW | {"ratios": {"theirs": 1.0}}])
    assert lines == [
        ["environment", "n", "limit/s", "ours", "theirs"],
        ["Ant-v5", "8", "12,346", "0.50", "-"],
        ["Ant-v5", "8", "12,346", "-", "1.00"],
    ]


def test_targets_stand_in_the_last_column() -> None:
    lines = to_lines([ROW, ROW | {"n": 9}], {("Ant-v5", 8): 0.85})
    assert [line[-1] for line in lines] == ["target", "0.85", "-"]


def test_memory_stands_in_the_table_and_as_the_memory_of_an_added_environment() -> None:
    sizes = {8: 64 * 2**20, 4096: 192 * 2**20}
    rows = [ROW | {"n": n, "resident_bytes": size} for n, size in sizes.items()]
    assert [line[-1] for line in to_lines(rows)] == ["MiB", "64", "192"]
    assert bytes_per_environment(rows) == {"Ant-v5": 128 * 2**20 / 4088}
    assert bytes_per_environment(rows[:1]) == bytes_per_environment([ROW]) == {}


def test_an_environment_takes_memory() -> None:
    few, many = (resident_bytes("InvertedPendulum-v5", n, threads=1) for n in (1, 512))
    assert 0 < (many - few) / 511 < 1e6


def test_contenders_with_an_object_for_each_environment_leave_large_batches_out() -> None:
    n = MOST_OBJECTS + 1
    took_part = {name: make("InvertedPendulum-v5", n, 1) for name, make in CONTENDERS.items()}
    ours = took_part.pop(OURS)
    assert ours is not None
    ours.close()
    assert set(took_part.values()) == {None}


def test_the_limit_of_a_task_that_moves_a_mocap_body_moves_it_too() -> None:
    bare = BareThread("FetchPickAndPlace-v4")
    assert bare.steps_per_second(0.01) > 0
    data = bare._data
    gripper = data.body("robot0:gripper_link")
    assert (
        abs(gripper.xpos - data.mocap_pos[0]).max() < 0.1
    )  # it hangs on the mocap body, which stands still at 0
    assert abs(data.mocap_pos[0]).max() > 0.5
