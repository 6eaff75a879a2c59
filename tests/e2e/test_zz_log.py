"""What the web server has written while the browser tests ran. Runs last."""

from __future__ import annotations

import re

import pytest

from osk_portal.embedded.stack import Stack

pytestmark = [pytest.mark.e2e]

OUR_FAULT = re.compile(r'HTTP/1\.[01]" 500 |Internal Server Error|Traceback')


def test_no_request_has_ended_in_an_error_of_ours(stack: Stack) -> None:
    log = (stack.var / "run" / "web" / "web.log").read_text(encoding="utf-8", errors="replace")
    assert 'HTTP/1.1" 200 ' in log
    assert not [line for line in log.splitlines() if OUR_FAULT.search(line)]
