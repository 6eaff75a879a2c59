"""What is wrong with a request, in the words of people, as application/problem+json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja.errors import HttpError, ValidationError

from osk_portal.toolkit.problems import problem


class WrongParameter(Exception):
    """A value that the schema allows and that is wrong all the same; answered with 422."""

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        self.message = message
        super().__init__(parameter, message)


def not_found(request: HttpRequest, detail: str = "") -> HttpResponse:
    return problem(
        request,
        404,
        title=_("Not found"),
        detail=detail or _("There is no published entry with this address."),
    )


def not_allowed(request: HttpRequest) -> HttpResponse:
    response = problem(
        request,
        405,
        title=_("Method not allowed"),
        detail=_("This interface is for reading only: use GET or HEAD."),
    )
    response["Allow"] = "GET, HEAD, OPTIONS"
    return response


def precondition_failed(request: HttpRequest) -> HttpResponse:
    return problem(
        request,
        412,
        title=_("Precondition failed"),
        detail=_("The entry is in another state than your request supposes."),
    )


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    response = problem(
        request,
        429,
        title=_("Too many requests"),
        detail=_("Wait %(seconds)s seconds. Everything at once stands in the nightly file.")
        % {"seconds": seconds},
    )
    response["Retry-After"] = str(seconds)
    return response


def wrong_parameters(request: HttpRequest, errors: Iterable[Mapping[str, str]]) -> HttpResponse:
    return problem(
        request,
        422,
        title=_("Parameters cannot be used"),
        detail=_("Correct the parameters that are named under errors."),
        errors=list(errors),
    )


def of_parameter(request: HttpRequest, error: WrongParameter) -> HttpResponse:
    return wrong_parameters(request, [{"parameter": error.parameter, "message": error.message}])


def of_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return wrong_parameters(
        request,
        [
            {"parameter": _parameter(found["loc"]), "message": _message(found)}
            for found in error.errors
        ],
    )


def of_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the framework itself refuses."""
    return problem(
        request,
        error.status_code,
        title=_("This request cannot be read"),
        detail=_("Compare it with the description of the interface."),
    )


def _parameter(place: Iterable[Any]) -> str:
    """The parameter's name: behind where it stands ("query") and the model that gathers all."""
    names = [step for step in list(place)[1:] if isinstance(step, str)]
    return names[-1] if names else ""


def _message(error: Mapping[str, Any]) -> str:
    limits: Mapping[str, Any] = error.get("ctx") or {}
    match error["type"]:
        case "literal_error" | "enum":
            return _("Possible values: %(values)s.") % {"values": limits.get("expected", "")}
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return _("Give a whole number.")
        case "greater_than_equal":
            return _("At least %(least)s.") % {"least": limits.get("ge", "")}
        case "less_than_equal":
            return _("At most %(most)s.") % {"most": limits.get("le", "")}
        case "string_too_long":
            return _("At most %(most)s characters.") % {"most": limits.get("max_length", "")}
        case "too_long":
            return _("At most %(most)s values.") % {"most": limits.get("max_length", "")}
    return _("This value cannot be used.")
