from rl_pipeline.bench.memory import bytes_per_environment
from rl_pipeline.bench.stepping import steps_per_second, to_lines

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


def test_an_environment_takes_memory() -> None:
    assert 0 < bytes_per_environment("InvertedPendulum-v5", few=1, many=512) < 1e6
