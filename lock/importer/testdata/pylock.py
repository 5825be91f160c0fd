"""Says what packaging selects from pylock.toml files.

Reads JSON objects: toml, environment, tags (best first), extras, groups (null:
the default ones). Writes a JSON object for each: the URLs or paths by name, or
the error.
"""

import json
import sys
import tomllib

try:
    from packaging.pylock import Pylock
    from packaging.tags import parse_tag

    Pylock.select
except (ImportError, AttributeError):
    sys.exit(9)

for line in sys.stdin:
    q = json.loads(line)
    try:
        lock = Pylock.from_dict(tomllib.loads(q["toml"]))
        tags = [t for text in q["tags"] for t in parse_tag(text)]
        chosen = lock.select(environment=q["environment"], tags=tags, extras=q["extras"], dependency_groups=q["groups"])
        print(json.dumps({"chosen": {p.name: [type(f).__name__, getattr(f, "url", None) or f.path] for p, f in chosen}}))
    except Exception as err:
        print(json.dumps({"error": str(err)}))
