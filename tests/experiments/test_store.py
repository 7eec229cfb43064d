"""Jobs that are shared: locks, needs, results."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from claims.experiments.store import Job, Store, fingerprint, sources


def job(name: str, done: list[str], *needs: str) -> Job:
    def work(path: Path) -> dict[str, object]:
        path.write_text("half")
        done.append(name)
        return {"name": name}

    return Job(name, work, needs)


def test_jobs_are_done_once_in_the_order_of_their_needs(tmp_path: Path) -> None:
    store, done = Store(tmp_path / "new"), []
    jobs = [job("sum", done, "a", "b"), job("a", done), job("b", done)]
    assert store.work(jobs, print) == ["a", "b", "sum"] == done
    assert store.load("sum") == {"name": "sum"}
    assert store.work(jobs, print) == []
    assert not list(tmp_path.rglob("*.checkpoint"))


def test_what_another_holds_is_left_to_it(tmp_path: Path) -> None:
    """The second worker does the other job, and waits for the first one's."""
    store, done = Store(tmp_path), []
    holds, may_end = threading.Event(), threading.Event()

    def slow(path: Path) -> dict[str, object]:
        holds.set()
        assert may_end.wait(10)
        done.append("slow")
        return {}

    jobs = [Job("slow", slow), job("quick", done)]
    first = threading.Thread(target=lambda: store.work(jobs[:1], print))
    first.start()
    assert holds.wait(10)
    told: list[str] = []

    def report(text: str) -> None:
        told.append(text)
        may_end.set()

    assert store.work(jobs, report, pause=0.01) == ["quick"]
    first.join()
    assert done == ["quick", "slow"]
    assert told[0] == "waiting for 1 parts that another process works on"


def test_a_job_that_raises_leaves_its_checkpoint_and_its_lock_free(tmp_path: Path) -> None:
    store, done = Store(tmp_path), []

    def broken(path: Path) -> dict[str, object]:
        path.write_text("half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        store.work([Job("a", broken)], print)
    assert (tmp_path / "a.checkpoint").read_text() == "half"
    assert store.work([job("a", done)], print) == ["a"]


def test_digests_depend_on_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fingerprint(a=1, b=[2]) == fingerprint(b=[2], a=1) != fingerprint(a=1, b=[3])
    package = tmp_path / "some_package_of_the_test"
    package.mkdir()
    (package / "__init__.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = sources(package.name)
    (package / "__init__.py").write_text("x = 2\n")
    assert sources(package.name) != before
