"""The answer that is a file of a test report; who may have it is asked before."""

from __future__ import annotations

from django.http import FileResponse, Http404

from osk_portal.toolkit.downloads import download
from sandbox.models import ReportFile


def given_out(file: ReportFile) -> FileResponse:
    try:
        content = file.content.open("rb")
    except FileNotFoundError:
        raise Http404 from None  # taken away in the same moment
    return download(content, file.name)
