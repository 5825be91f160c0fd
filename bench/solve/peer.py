"""Does one job of bench/solve with py-rattler: a JSON object in, one out (tool.go)."""
import asyncio
import datetime
import json
import os
import resource
import sys
import time


def peak():
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def processor_time():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


async def work(job):
    import rattler

    out = {"version": rattler.__version__, "packages": 0, "failed": "", "open": 0, "solve": [], "cpu": 0}
    if not job["channels"]:
        return out
    begin = time.perf_counter()
    data = []
    for c in job["channels"]:
        for subdir in job["subdirs"]:
            path = os.path.join(c["dir"], subdir, "repodata.json")
            if os.path.exists(path):
                channel = rattler.Channel("https://channel.example/" + c["name"])
                data.append(rattler.SparseRepoData(channel, subdir, path))
    out["open"] = time.perf_counter() - begin
    virtual = [
        rattler.GenericVirtualPackage(rattler.PackageName(n), rattler.Version(v), rattler.BuildString(b))
        for n, v, b in job["virtual"]
    ]
    used = 0
    for i in range(job["repeat"]):
        if i == 1:
            used = processor_time()
        begin = time.perf_counter()
        try:
            found = await rattler.solver.solve_with_sparse_repodata(
                specs=job["specs"],
                sparse_repodata=data,
                virtual_packages=virtual,
                timeout=datetime.timedelta(seconds=job["seconds"]),
            )
            out["packages"] = len(found)
        except Exception as e:
            if "Cannot solve" not in str(e):
                out["failed"] = str(e) or "failed"
        out["solve"].append(time.perf_counter() - begin)
    if job["repeat"] > 1:
        out["cpu"] = (processor_time() - used) / (job["repeat"] - 1)
    return out


answer = asyncio.run(work(json.load(sys.stdin)))
answer["peak"] = peak()
print(json.dumps(answer), flush=True)
os._exit(0)  # py-rattler may crash when the interpreter ends
