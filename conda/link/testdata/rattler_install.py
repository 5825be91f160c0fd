"""Installs packages with py-rattler: what conda/link is compared with.

Reads one JSON object from standard input:

    {"target": DIR, "prefix": DIR, "cache": DIR, "subdir": "linux-64", "records": [RECORD, ...]}

A record is one of conda-meta: a repodata record with fn, url and channel. The
environment is made in target, and prefix is written into its files. Writes
{"error": TEXT} to standard output, with an empty text after success.
"""

import asyncio
import json
import os
import sys
import tempfile

import rattler


def load(records):
    """Returns RepoDataRecords, read as rattler reads repodata.json."""
    packages, conda, places = {}, {}, {}
    for r in records:
        r = dict(r)
        fn = r.pop("fn")
        places[fn] = (r.pop("url"), r.pop("channel"))
        (conda if fn.endswith(".conda") else packages)[fn] = r
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "repodata.json")
        with open(path, "w") as f:
            json.dump({"info": {"subdir": "linux-64"}, "packages": packages, "packages.conda": conda}, f)
        loaded = rattler.RepoData.from_path(path).into_repo_data(rattler.Channel("https://channel.example/c"))
    for r in loaded:
        r.url, r.channel = places[r.file_name]
    return loaded


async def main():
    job = json.load(sys.stdin)
    records = load(job["records"])
    if len(records) != len(job["records"]):
        raise RuntimeError(f"{len(records)} of {len(job['records'])} records were read")
    await rattler.install(
        records,
        target_prefix=job["target"],
        cache_dir=job["cache"],
        installed_packages=[],
        platform=rattler.Subdir(job["subdir"]),
        execute_link_scripts=False,
        show_progress=False,
        alternative_target_prefix=job["prefix"],
    )


error = ""
try:
    asyncio.run(main())
except BaseException as e:  # pyo3 panics are BaseExceptions
    error = f"{type(e).__name__}: {e}"
print(json.dumps({"error": error}), flush=True)
