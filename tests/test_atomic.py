import errno
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rl_pipeline.atomic import atomic_write, remove_leftovers, sync_folder


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_bytes_and_leaves_only_the_file(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "model.zip") as file:
        file.write(b"\x00\xff")
    assert (tmp_path / "model.zip").read_bytes() == b"\x00\xff"
    assert files_in(tmp_path) == ["model.zip"]


def test_writes_text_as_utf8_without_changing_line_ends(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "log.txt", mode="w") as file:
        file.write("Ørsted\r\nnew\n")
    assert (tmp_path / "log.txt").read_bytes() == "Ørsted\r\nnew\n".encode()


def test_old_content_is_visible_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.write_text("old")
    with atomic_write(path, mode="w") as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_exception_keeps_the_old_file_and_removes_the_temporary_one(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "stats.json"
    path.write_text("old")

    def write_half() -> None:
        with atomic_write(path, mode="w") as file:
            file.write("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_text() == "old"
    assert files_in(tmp_path) == ["stats.json"]


def test_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "atomic"):
        pass
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_missing_folder_is_an_error_before_the_block_runs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"), atomic_write(tmp_path / "missing" / "file"):
        pytest.fail("the block must not run")


def test_sync_folder_refuses_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "missing")


def test_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(b"old")
    # A limit on the size of files refuses a write half-way, as a full disk does (EFBIG in place of ENOSPC).
    script = textwrap.dedent(
        """
        import resource, signal, sys
        from rl_pipeline.atomic import atomic_write
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            with atomic_write(sys.argv[1]) as file:
                file.write(bytes(1_000_000))
        except OSError as error:
            sys.exit(error.errno)
        """
    )
    result = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert result.returncode == errno.EFBIG
    assert path.read_bytes() == b"old"
    assert files_in(tmp_path) == ["model.zip"]


def test_kill_while_writing_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(b"old")
    script = textwrap.dedent(
        """
        import os, signal, sys
        from rl_pipeline.atomic import atomic_write
        with atomic_write(sys.argv[1]) as file:
            file.write(b"half")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    result = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert result.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_no_space_left_keeps_the_old_file(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from rl_pipeline.atomic import atomic_write
        path = Path(sys.argv[1], "model.zip")
        path.write_bytes(b"old")
        try:
            with atomic_write(path) as file:
                file.write(bytes(1_000_000))
        except OSError as error:
            print(error.errno, path.read_bytes().decode(), len(list(path.parent.iterdir())))
        """
    )
    on_tiny_disk = 'mount -t tmpfs -o size=64k none "$1" || exit 77; exec "$2" -c "$3" "$1"'
    result = subprocess.run(
        ["unshare", "-rm", "sh", "-c", on_tiny_disk, "sh", str(tmp_path), sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 77 or result.stderr.startswith("unshare:"):
        pytest.skip("this machine lets no one mount a small file system")
    assert result.stdout.split() == [str(errno.ENOSPC), "old", "1"], result.stderr


def test_only_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        from rl_pipeline.atomic import atomic_write
        with atomic_write(sys.argv[1]) as file:
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), tmp_path / "run.json"], check=False)
    (leftover,) = files_in(tmp_path)
    others = [".lock", ".mine.tmp", "a.0123456789ab.tmp", ".link.0123456789ab.tmp"]
    for name in others[:3]:
        (tmp_path / name).touch()
    (tmp_path / others[3]).symlink_to(tmp_path / ".lock")
    remove_leftovers(tmp_path)
    assert leftover.startswith(".run.json.")
    assert files_in(tmp_path) == sorted(others)
