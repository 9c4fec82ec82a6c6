"""Prints buildah's options that give a build the pip settings of this host: where packages come from.

Usage: python pip_settings.py FOLDER, where a pip.conf is written.
"""

import ast
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit


def read_settings() -> dict[str, str]:
    """Read the settings that hold for every command of pip; variables of the environment win."""
    lines = subprocess.check_output([sys.executable, "-m", "pip", "config", "list"], text=True).splitlines()
    pairs = [line.split("=", 1) for line in lines]
    settings: dict[str, str] = {}
    for origin in ("global.", ":env:."):
        settings |= {
            key.removeprefix(origin): ast.literal_eval(text) for key, text in pairs if key.startswith(origin)
        }
    return settings


def local_folders(settings: dict[str, str]) -> set[Path]:
    """Find the folders of this host that packages come from; an index refers to files beside it."""
    folders = set(map(Path, settings.get("find-links", "").split()))
    for key in ("index-url", "extra-index-url"):
        urls = map(urlsplit, settings.get(key, "").split())
        folders |= {Path(url.path).parent for url in urls if url.scheme == "file"}
    return {folder for folder in folders if folder.is_dir()}


def main() -> None:
    """Write pip.conf and print the options."""
    folder = Path(sys.argv[1]).resolve()
    settings = read_settings()
    settings.pop("cert", None)  # the image has the certificates of this host
    configuration = folder / "pip.conf"
    configuration.write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()))
    print(f"--volume={configuration}:/etc/pip.conf:ro")
    for path in sorted(local_folders(settings)):
        print(f"--volume={path}:{path}:ro")


if __name__ == "__main__":
    main()
