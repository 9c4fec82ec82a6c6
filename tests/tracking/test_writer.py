from pathlib import Path

from rl_pipeline.tracking.writer import Writer


def test_a_writer_implements_only_what_it_holds(tmp_path: Path) -> None:
    class FilmList(Writer):
        def __init__(self) -> None:
            self.films: list[str] = []

        def film(self, name: str, path: Path, timestep: int) -> None:
            self.films.append(name)

    writer = FilmList()
    writer.write(1, {"rollout/ep_rew_mean": 1.0})
    writer.film("video/train", tmp_path, 1)
    writer.artifact("best", tmp_path, 1, "model")
    writer.rewind(0)
    writer.flush()
    writer.close("finished")
    assert writer.films == ["video/train"]
