r"""A half-written report never replaces a good one, and nothing that is no report is replaced."""

from __future__ import annotations

import os

import pytest

from reports.replace import ReportError, write_file, write_folder


def fill(content):
    def write(folder):
        (folder / "index.html").write_text(content)
        (folder / "summary.json").write_text("{}")

    return write


def test_a_new_report_takes_the_place_of_the_old_one(tmp_path):
    target = tmp_path / "deep" / "html"
    write_folder(
        target, lambda folder: (fill("old")(folder), (folder / "stale.html").write_text("")) and None
    )
    write_folder(target, fill("new"))
    assert sorted(path.name for path in target.iterdir()) == ["index.html", "summary.json"]
    assert (target / "index.html").read_text() == "new"
    assert os.listdir(target.parent) == ["html"]


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("broken"), KeyboardInterrupt()]
)
def test_an_error_keeps_the_old_report(tmp_path, error):
    target = write_folder(tmp_path / "html", fill("old"))

    def fail(folder):
        (folder / "index.html").write_text("half")
        raise error

    expected = ReportError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        write_folder(target, fail)
    assert (target / "index.html").read_text() == "old"
    assert os.listdir(tmp_path) == ["html"]


def test_a_failed_swap_restores_the_old_report(tmp_path, monkeypatch):
    target = write_folder(tmp_path / "html", fill("old"))
    rename = os.rename

    def broken(source, destination):
        if "-new-" in str(source):
            raise OSError(5, "Input/output error")
        rename(source, destination)

    monkeypatch.setattr(os, "rename", broken)
    with pytest.raises(ReportError, match="Input/output"):
        write_folder(target, fill("new"))
    assert (target / "index.html").read_text() == "old"


def test_a_folder_that_is_no_report_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ReportError, match="something else"):
        write_folder(tmp_path, fill("new"))
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "html").write_text("x")
    with pytest.raises(ReportError, match="not a folder"):
        write_folder(tmp_path / "html", fill("new"))
    with pytest.raises(ReportError, match="cannot write"):
        write_folder(tmp_path / "html" / "deeper", fill("new"))
    with pytest.raises(ReportError, match="cannot write"):
        write_file(tmp_path / "html" / "summary.json", "{}")


def test_a_file_is_replaced_as_a_whole(tmp_path):
    write_file(tmp_path / "a" / "summary.json", "1")
    write_file(tmp_path / "a" / "summary.json", "2")
    assert (tmp_path / "a" / "summary.json").read_text() == "2"
    assert os.listdir(tmp_path / "a") == ["summary.json"]
