"""Answers problems, one JSON object a line, with py-rattler.

In:  {"repos": [[channel, subdir, path], ...], "specs": [...], "constraints": [...],
      "virtual": [[name, version, build], ...], "priority": "strict", "seconds": 20,
      "newer": milliseconds or 0, "favored": [[channel, file], ...], "pinned": [[channel, file], ...]}
Out: {"files": [[channel, file], ...]} or {"none": reason} or {"failed": reason}
"""
import asyncio
import datetime
import json
import sys
import time

import rattler

repos = {}


def sparse(channel, subdir, path):
    key = (channel, subdir, path)
    if key not in repos:
        url = "https://channel.example/" + channel
        repos[key] = rattler.SparseRepoData(rattler.Channel(url), subdir, path)
    return repos[key]


def records(data, files):
    found = []
    for channel, file in files:
        name = file.rsplit("-", 2)[0]
        for repo in data:
            if name in repo.package_names():
                for r in repo.load_records(rattler.PackageName(name)):
                    if [channel_name(r), r.file_name] == [channel, file]:
                        found.append(r)
    return found


def channel_name(record):
    return record.channel.rstrip("/").rsplit("/", 1)[-1]


async def solve(p):
    data = [sparse(*r) for r in p["repos"]]
    newer = p.get("newer")
    options = {}
    if newer:
        options["exclude_newer"] = datetime.datetime.fromtimestamp(newer / 1000, datetime.timezone.utc)
    start = time.monotonic()
    found = await rattler.solver.solve_with_sparse_repodata(
        specs=p["specs"] or [],
        sparse_repodata=data,
        constraints=p.get("constraints") or None,
        locked_packages=records(data, p.get("favored") or []),
        pinned_packages=records(data, p.get("pinned") or []),
        virtual_packages=[
            rattler.GenericVirtualPackage(rattler.PackageName(n), rattler.Version(v), rattler.BuildString(b))
            for n, v, b in p.get("virtual") or []
        ],
        channel_priority={
            "strict": rattler.ChannelPriority.Strict,
            "flexible": getattr(rattler.ChannelPriority, "Flexible", None),
            "disabled": rattler.ChannelPriority.Disabled,
        }[p.get("priority") or "strict"],
        timeout=datetime.timedelta(seconds=p.get("seconds") or 20),
        **options,
    )
    took = time.monotonic() - start
    return {"files": sorted([channel_name(r), r.file_name] for r in found), "took": took}


def answer(line):
    try:
        return asyncio.run(solve(json.loads(line)))
    except Exception as e:
        text = str(e)
        kind = "none" if "Cannot solve" in text or "unsolvable" in text.lower() else "failed"
        return {kind: text}


for line in sys.stdin:
    print(json.dumps(answer(line)), flush=True)
