"""Answers questions about versions with py-rattler, one answer per line of stdin.

order   a version        its rank among all lines; equal versions share one
prefix  version<TAB>prefix  starts_with and compatible_with, as "1 0"
spec    spec<TAB>version,… one digit per version, or "error"
"""
import functools
import sys

try:
    import rattler
except ImportError:
    sys.exit(9)


def order(lines):
    versions = [rattler.Version(line) for line in lines]
    compare = lambda a, b: (versions[a] > versions[b]) - (versions[a] < versions[b])
    ranks, rank, last = [0] * len(lines), 0, None
    for i in sorted(range(len(lines)), key=functools.cmp_to_key(compare)):
        if last is not None and versions[last] != versions[i]:
            rank += 1
        ranks[i], last = rank, i
    return ranks


def prefix(lines):
    for line in lines:
        a, b = map(rattler.Version, line.split("\t"))
        yield "%d %d" % (a.starts_with(b), a.compatible_with(b))


def spec(lines):
    for line in lines:
        text, versions = line.split("\t")
        try:
            found = rattler.VersionSpec(text)
        except Exception:
            yield "error"
            continue
        yield "".join("%d" % found.matches(rattler.Version(v)) for v in versions.split(","))


lines = sys.stdin.read().split("\n")[:-1]
for answer in globals()[sys.argv[1]](lines):
    print(answer)
