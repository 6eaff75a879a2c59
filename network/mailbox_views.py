"""The Funktionspostfach: named on a page of the organisation, confirmed by the link sent to it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from network import mailbox, permissions
from network.enums import MailboxKind
from network.models import Organisation, SharedMailbox
from osk_portal.toolkit.access import LOGIN, PUBLIC, AuthenticatedRequest, access, no_store
from osk_portal.toolkit.transitions import TransitionNotAllowed


class MailboxForm(forms.Form):
    address = forms.EmailField(
        label=gettext_lazy("Address of the Funktionspostfach"),
        help_text=gettext_lazy("Leave it empty to send no copies."),
        max_length=254,
        required=False,
        error_messages={
            "invalid": gettext_lazy("Enter an e-mail address, for example post@authority.example.")
        },
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Copies of"),
        choices=MailboxKind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose from the list.")},
    )


@access(LOGIN)
def mailbox_edit(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    organisation = get_object_or_404(Organisation, slug=slug)
    if not permissions.can_set_mailbox(request.user, organisation):
        mine = permissions.active_memberships(request.user)
        if any(membership.organisation_id == organisation.pk for membership in mine):
            raise PermissionDenied
        raise Http404
    known = SharedMailbox.objects.filter(organisation=organisation).first()
    initial = {"address": known.address, "kinds": known.kinds} if known else {}
    form = MailboxForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            saved = mailbox.set_mailbox(
                organisation=organisation, actor=request.user, **form.cleaned_data
            )
        except TransitionNotAllowed as error:
            form.add_error("address", str(error))
        else:
            if saved is not None and saved.confirmed_at is None:
                messages.success(
                    request, _("Saved. Please open the link that we have sent to the address.")
                )
            else:
                messages.success(request, _("Saved."))
            return redirect("network:mailbox_edit", slug=slug)
    context = {
        "organisation": organisation,
        "mailbox": known,
        "form": form,
        "crumbs": [(_("My area"), reverse("pages:my_area")), (_("Funktionspostfach"), None)],
    }
    return render(request, "network/mailbox_edit.html", context)


@access(PUBLIC)
def mailbox_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what is confirmed: programs that open links in mails confirm nothing."""
    try:
        found = (
            mailbox.confirm_mailbox(token=token)
            if request.method == "POST"
            else mailbox.named_by(token)
        )
    except mailbox.MailboxLinkDead:
        raise Http404 from None
    return no_store(render(request, "network/mailbox_confirm.html", {"mailbox": found}))
