"""Installs all packages of a channel with py-rattler.

    install.py REPODATA CHANNEL TARGET CACHE

The prefix that is written into the files is /opt/conda.
"""

import asyncio
import os
import sys

import rattler

repodata, channel, target, cache = sys.argv[1:]


async def main():
    data = rattler.RepoData.from_path(repodata)
    records = data.into_repo_data(rattler.Channel(channel))
    await rattler.install(
        records,
        target_prefix=target,
        cache_dir=cache,
        installed_packages=[],
        platform=rattler.Platform("linux-64"),
        execute_link_scripts=False,
        show_progress=False,
        alternative_target_prefix="/opt/conda",
    )


asyncio.run(main())
sys.stdout.flush()
os._exit(0)  # some versions crash when they end
