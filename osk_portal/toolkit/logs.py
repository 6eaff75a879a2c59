"""JSON logs, one object a line, with the id of the request that caused them."""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        record.process_name = os.environ.get("OSK_PROCESS", "command")
        return True


class JsonFormatter(BaseJsonFormatter):
    """Escapes line breaks in messages, so that nobody can forge a line (ASVS v5.0.0-16.4.1)."""
