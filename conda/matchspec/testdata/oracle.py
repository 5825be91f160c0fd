"""Prints what py-rattler makes of each match spec of stdin: its canonical
form, or "error: …". One JSON string per line goes in and comes out."""
import json
import sys

try:
    import rattler
except ImportError:
    sys.exit(9)

for line in sys.stdin:
    try:
        answer = rattler.MatchSpec(json.loads(line), exact_names_only=False).to_canonical_string()
    except Exception as e:
        answer = "error: " + str(e).split("\n")[0]
    print(json.dumps(answer))
