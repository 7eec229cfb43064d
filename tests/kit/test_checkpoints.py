"""Checkpoints on disk: the old file or the new one, whatever happens in between."""

from __future__ import annotations

import os

import pytest
import torch

from claims.kit.checkpoints import CheckpointError, load, save

CONTENT = {
    "epoch": 3,
    "rates": [0.5, 0.25],
    "W": torch.linspace(0.0, 1.0, 7, dtype=torch.float64),
    "none": None,
}


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    assert torch.equal(found["W"], expected["W"])
    assert {k: x for k, x in found.items() if k != "W"} == {k: x for k, x in expected.items() if k != "W"}


def test_what_is_saved_is_loaded(tmp_path):
    save(tmp_path / "run.pt", CONTENT)
    assert_equal(load(str(tmp_path / "run.pt")), CONTENT)
    assert os.listdir(tmp_path) == ["run.pt"]


def test_the_last_one_stays(tmp_path):
    for epoch in range(3):
        save(tmp_path / "run.pt", CONTENT | {"epoch": epoch})
    assert_equal(load(tmp_path / "run.pt"), CONTENT | {"epoch": 2})


@pytest.mark.parametrize("moment", ["in the middle", "before the rename"])
def test_an_attempt_that_breaks_off_leaves_the_old_file(tmp_path, monkeypatch, moment):
    save(tmp_path / "run.pt", CONTENT)

    def half(content, file):
        file.write(b"half")
        raise KeyboardInterrupt

    def never(source, target):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        if moment == "in the middle":
            broken.setattr(torch, "save", half)
        else:
            broken.setattr(os, "replace", never)
        with pytest.raises(KeyboardInterrupt):
            save(tmp_path / "run.pt", CONTENT | {"epoch": 4})
    assert_equal(load(tmp_path / "run.pt"), CONTENT)
    save(tmp_path / "run.pt", CONTENT | {"epoch": 5})
    assert_equal(load(tmp_path / "run.pt"), CONTENT | {"epoch": 5})
    assert os.listdir(tmp_path) == ["run.pt"]


def test_the_content_is_on_disk_before_the_rename(tmp_path, monkeypatch):
    order = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor, sync=os.fsync: (order.append("sync"), sync(descriptor))
    )
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (order.append("rename"), replace(*paths)))
    save(tmp_path / "run.pt", CONTENT)
    assert order == ["sync", "rename", "sync"]


class Harmful:
    def __reduce__(self):
        return (os.mkdir, ("harm",))


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "torn", "turned", "code", "no dictionary"])
def test_a_bad_file_is_named(tmp_path, monkeypatch, damage):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.pt"
    save(path, CONTENT)
    whole = path.read_bytes()
    at = whole.index(CONTENT["W"].numpy().tobytes())
    if damage == "missing":
        path.unlink()
    elif damage == "code":
        torch.save({"W": Harmful()}, path)
    elif damage == "no dictionary":
        torch.save([1], path)
    else:
        turned = whole[: at + 9] + bytes([whole[at + 9] ^ 1]) + whole[at + 10 :]
        written = {"empty": b"", "text": b"a text\n", "torn": whole[: len(whole) // 2], "turned": turned}
        path.write_bytes(written[damage])
    with pytest.raises(CheckpointError, match=r"checkpoint: .*run\.pt"):
        load(path)
    assert not (tmp_path / "harm").exists()
