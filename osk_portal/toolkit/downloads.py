"""How an uploaded file is given out."""

from __future__ import annotations

from typing import IO

from django.http import FileResponse


def download(content: IO[bytes], name: str) -> FileResponse:
    """Always saved, never shown, kept by no cache."""
    response = FileResponse(
        content, as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
