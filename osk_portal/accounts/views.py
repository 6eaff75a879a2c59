"""The one page of allauth that we must mend."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ConfirmEmailVerificationCodeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.generic.edit import FormMixin

from osk_portal.accounts import services
from osk_portal.toolkit.access import PUBLIC, access


class ConfirmEmailView(ConfirmEmailVerificationCodeView):  # type: ignore[misc] # allauth is untyped
    """The code from the mail, or another address.

    allauth answers 500 to another address that is not valid (65.x: ``_change_form_invalid`` is missing).
    The address of a recorded person is not offered for change, as that of an existing account is not.
    """

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        data: dict[str, Any] = super().get_context_data(**kwargs)
        user = self._process.user
        data["can_change"] = data["can_change"] and not services.is_bound_to_address(user)
        return data

    def _change_form_invalid(self, form: Any) -> HttpResponse:
        page: HttpResponse = FormMixin.form_invalid(self, form)
        return page


@access(PUBLIC)
def confirm_email(request: HttpRequest) -> HttpResponseBase:
    page: HttpResponseBase = ConfirmEmailView.as_view()(request)
    return page
