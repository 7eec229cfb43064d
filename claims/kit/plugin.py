r"""The pytest plugin: options, seeds, run folder, evidence, and the report at the end.

The controller (or the one process of a serial run) decides run id, seed and folder; workers receive them
through xdist.  Nothing is written unless claims are collected, so the plugin is harmless to other tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

import pytest

from claims.kit import options
from claims.kit.claim import Check
from claims.kit.evidence import EvidenceError, Writer, utc_now
from claims.kit.profiles import PROFILES
from claims.kit.session import Session, Settings
from claims.kit.subject import SubjectError
from claims.kit.terminal import print_summary

FILES = "s[0-9A]*_*.py"
_KEY = pytest.StashKey["ClaimsRun"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the suite."""
    options.declare(parser.getgroup("claims", "claims about FBS-networks"))


def pytest_configure(config: pytest.Config) -> None:
    """Decide the run's settings, or take over the controller's."""
    config.addinivalue_line("python_files", FILES)
    handed = getattr(config, "workerinput", {}).get("claims_settings")
    try:
        settings = Settings(**json.loads(handed)) if handed else options.settings(config)
    except (SubjectError, EvidenceError, ValueError) as error:
        raise pytest.UsageError(str(error)) from error
    report = Path(config.getoption("--report") or config.rootpath / "reports" / "html").absolute()
    if (config.getoption("--report") or report.exists()) and not is_replaceable(report):
        raise pytest.UsageError(f"--report: expected a new folder, an empty one or a report, got {report}")
    run = ClaimsRun(settings, report, is_worker=handed is not None)
    config.stash[_KEY] = run
    config.pluginmanager.register(run, "claims-run")


def is_replaceable(folder: Path) -> bool:
    """Return whether a report may be written to ``folder``: it is new, empty, or a report."""
    try:
        if not folder.exists():
            return next(parent for parent in folder.parents if parent.exists()).is_dir()
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return False
    ours = all(name == "summary.json" or name.endswith(".html") for name in names)
    return not names or (ours and "summary.json" in names)


def is_claim(name: str) -> bool:
    """Return whether a node id or path names a claim file."""
    return fnmatch(Path(name.partition("::")[0]).name, FILES)


class ClaimsRun:
    """The plugin's state in one process, and the hooks that use it."""

    def __init__(self, settings: Settings, report_folder: Path, is_worker: bool) -> None:
        self.settings = settings
        self.report_folder = report_folder
        self.is_worker = is_worker
        self.started = time.time()
        self.active = False
        self.writer: Writer | None = None
        self.session: Session | None = None
        self.report: subprocess.CompletedProcess[str] | None = None
        self.deselected: list[Check] = []

    # ---- controller

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the settings to a worker."""
        node.workerinput["claims_settings"] = json.dumps(asdict(self.settings))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Write the run record as soon as a worker has found claims."""
        if any(is_claim(name) for name in ids):
            self.open()

    def open(self) -> None:
        """Write the run record, once."""
        if not self.active and not self.is_worker:
            try:
                self.writer = Writer(Path(self.settings.folder) / "controller.jsonl")
            except EvidenceError as error:
                pytest.exit(str(error), returncode=int(pytest.ExitCode.USAGE_ERROR))
            self.active = True
            self.writer.write("run", **self.settings.header())

    def pytest_report_header(self) -> str:
        """Echo what is needed to repeat the run."""
        s = self.settings
        return f"claims: profile {s.profile}, seed {s.seed}, {s.dtype} on {s.device}, subject {s.subject}"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Close the evidence and build the report as a process of its own."""
        if self.writer is None:
            return
        wall = time.time() - self.started
        self.writer.write("finished", time=utc_now(), exitstatus=int(exitstatus), wall=wall)
        self.writer.close()
        command = [
            sys.executable,
            "-m",
            "reports",
            "build",
            self.settings.folder,
            "-o",
            str(self.report_folder),
        ]
        home = str(Path(__file__).parents[2])  # the pages are built by the same copy of the suite
        path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
        self.report = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table of verdicts and the report's path."""
        if self.report is not None:
            print_summary(terminalreporter, self.settings, self.report)

    # ---- whoever carries out checks

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give every check one test a route."""
        check = getattr(metafunc.function, "check", None)
        if isinstance(check, Check):
            searched = PROFILES[self.settings.profile].searched
            metafunc.parametrize("route", [self._item(check, route) for route in check.routes(searched)])

    def _item(self, check: Check, route: str) -> Any:
        """Return the parameter of a route; an observation that does not run is skipped with the reason."""
        if check.kind == "observation" and (reason := self.settings.no_experiments):
            return pytest.param(route, marks=pytest.mark.skip(reason=reason))
        return route

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember which checks were left out by -k, -m or --lf."""
        self.deselected += [check for item in items if (check := _check_of(item))]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write the plan."""
        selected: dict[Check, list[str]] = {}
        for item in session.items:
            if check := _check_of(item):
                selected.setdefault(check, []).append(_route_of(item))
        distributed = not self.is_worker and getattr(session.config.option, "dist", "no") != "no"
        if not selected or distributed or session.config.option.collectonly:
            return
        self.open()
        worker = getattr(session.config, "workerinput", {}).get("workerid", "main")
        self.session = Session(self.settings, worker, _voice(session.config))
        self.session.plan(selected, self.deselected)


@pytest.fixture(scope="session")
def claims_runner(request: pytest.FixtureRequest) -> Any:
    """The function that carries out one route of one check."""
    session = request.config.stash[_KEY].session
    assert session is not None
    return session.carry_out


def _voice(config: pytest.Config) -> Callable[[str], None]:
    """Return what shows a line on standard error, past pytest's capture, from a worker too."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        if config.option.verbose >= 0:
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                print(f"\n{text}", file=sys.stderr, end="", flush=True)

    return say


def _check_of(item: pytest.Item) -> Check | None:
    check = getattr(getattr(item, "function", None), "check", None)
    return check if isinstance(check, Check) else None


def _route_of(item: pytest.Item) -> str:
    """Return the route that a check's test stands for."""
    return str(cast("Any", item).callspec.params["route"])
