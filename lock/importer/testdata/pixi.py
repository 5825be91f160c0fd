"""Says what py-rattler reads in pixi.lock files.

Reads JSON strings, the names of files. Writes a JSON object for each: the
packages by environment and platform, or the error.
"""

import json
import sys

try:
    import rattler
except ImportError:
    sys.exit(9)


def digest(b):
    return b.hex() if b else ""


def hashes(h):
    if h is None or h._hashes is None:  # as for a package without any
        return {"sha256": "", "md5": ""}
    return {"sha256": digest(h.sha256), "md5": digest(h.md5)}


def package(p):
    if isinstance(p, rattler.PypiLockedPackage):
        return {
            "kind": "pypi", "url": p.location, "name": p.name, "version": p.version or "",
            "requires": len(p.requires_dist), **hashes(p.hashes),
        }
    if isinstance(p, rattler.CondaLockedSourcePackage):
        return {"kind": "source", "url": p.location, "name": p.name}
    r = p.repo_data_record()
    return {
        "kind": "conda", "url": p.location, "name": r.name.source, "version": str(r.version), "build": str(r.build),
        "number": r.build_number, "subdir": r.subdir, "depends": r.depends, "constrains": r.constrains,
        "sha256": digest(r.sha256), "md5": digest(r.md5),
        "size": r.size or 0, "channel": (r.channel or "").rstrip("/"),
    }


for line in sys.stdin:
    try:
        lock = rattler.LockFile.from_path(json.loads(line))
        answer = {
            name: {str(p.name if hasattr(p, "name") else p): [package(x) for x in env.packages(p) or []] for p in env.platforms()}
            for name, env in lock.environments()
        }
        print(json.dumps({"environments": answer}))
    except Exception as err:
        print(json.dumps({"error": str(err)}))
