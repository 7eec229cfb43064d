r"""Time, memory and size of a report: ``python -m tests.benchmarks.bench_report [CLAIMS] [SHARDS]``.

Writes the evidence of a made-up run, 200 claims of 5000 shards by default, a million aggregated records;
builds its report in a process of its own; prints the seconds, the peak of its memory and the size of each
kind of page.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.reports.evidence_builder import bins, check, finished, header, plan, result, stratum, tally

LIMIT = 1_500_000  # bytes of the index


def evidence(folder: Path, claims: int, shards: int) -> int:
    r"""Write the evidence of such a run, and return its size in bytes."""
    rng = random.Random(1)
    names = [f"fbs_forward/s{k // 8 + 1}_{k:03d}_theorem_x.py::test_claim_{k}" for k in range(claims)]
    plans = [
        check(name, order=k, reference=f"Theorem {k // 8 + 1}.{k % 8}", routes=["sampled"])
        for k, name in enumerate(names)
    ]
    folder.mkdir(parents=True)
    with open(folder / "main.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in (header(), plan(*plans)))
        for name in names:
            texts = [_shard(rng, name) for _ in range(20)]
            for shard in range(shards):
                file.write(texts[shard % 20].replace('"shard": 0', f'"shard": {shard}', 1))
            file.write(json.dumps(result(name)) + "\n")
        file.write(json.dumps(finished()) + "\n")
    return (folder / "main.jsonl").stat().st_size


def _shard(rng: random.Random, name: str) -> str:
    ratio = rng.random()
    kinds = [("l1", "FBS"), ("l2", "LISTA"), ("huber", "ALISTA")]
    strata = [stratum(30, ratio, regularizer=r, system=s, d=rng.choice((1, 2, 8))) for r, s in kinds]
    found = tally(name, strata=strata, ratio={"max": ratio, "histogram": bins({ratio: 100})}, worst=None)
    return json.dumps(found) + "\n"


def main(claims: int = 200, shards: int = 5000) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder, pages = Path(temporary) / "run", Path(temporary) / "html"
        size = evidence(folder, claims, shards)
        print(f"{claims} claims, {claims * shards} tally records, {size / 1e6:.0f} MB of evidence")
        start = time.perf_counter()
        command = [sys.executable, "-m", "reports", "build", str(folder), "-o", str(pages)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"built in {time.perf_counter() - start:.1f} s, {usage.ru_utime:.1f} s of CPU")
        print(f"peak memory {usage.ru_maxrss / 1024:.0f} MB")
        sizes = {path.name: path.stat().st_size for path in sorted(pages.iterdir())}
        claim = max((name for name in sizes if name.startswith("fbs-")), key=lambda name: sizes[name])
        for name in ("index.html", "systems.html", "run.html", claim, "summary.json"):
            print(f"{name}: {sizes[name] / 1e3:.0f} kB")
        return int(sizes["index.html"] > LIMIT)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
