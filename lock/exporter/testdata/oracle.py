"""Reads exports of the directory argv[2] with another tool's own readers, and
prints what they hold as JSON. Exit status 9: the tool is not there."""

import contextlib
import json
import pathlib
import sys

tool, directory = sys.argv[1], pathlib.Path(sys.argv[2])
explicit = {p.name[6:-5]: p for p in directory.glob("conda-*.lock")}
answer = {}


def rattler():
    from rattler import LockFile
    from rattler.rattler import PyExplicitEnvironmentSpec

    answer["explicit"] = {
        subdir: [e.url() for e in PyExplicitEnvironmentSpec.from_path(str(path)).packages()]
        for subdir, path in explicit.items()
    }
    environment = LockFile.from_path(str(directory / "conda-lock.yml")).default_environment()
    answer["lock"] = sorted(
        [
            platform.name,
            "pip" if type(p).__name__.startswith("Pypi") else "conda",
            p.name,
            str(p.version),
            str(p.location),
            p.hashes.sha256.hex(),
        ]
        for platform in environment.platforms()
        for p in environment.packages(platform)
    )


def conda_lock():
    import yaml
    from conda_lock._vendor.conda.env import env
    from conda_lock.lockfile import parse_conda_lock_file
    from conda_lock.src_parser.selectors import filter_platform_selectors

    lockfile = parse_conda_lock_file(directory / "conda-lock.yml")
    answer["lock"] = sorted(
        [p.platform, p.manager, p.name, p.version, p.url, p.hash.sha256] for p in lockfile.package
    )
    text = (directory / "environment.yml").read_text()
    answer["environment"] = {
        subdir: yaml.safe_load("\n".join(filter_platform_selectors(text, subdir)))
        for subdir in lockfile.metadata.platforms
    }
    answer["conda"] = env.from_file(str(directory / "environment.yml")).to_dict()


try:
    with contextlib.redirect_stdout(sys.stderr):  # conda prints warnings
        {"rattler": rattler, "conda-lock": conda_lock}[tool]()
except ImportError:
    sys.exit(9)
json.dump(answer, sys.stdout)
