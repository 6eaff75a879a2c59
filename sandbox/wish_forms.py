"""What people type when they wish for a test environment, and what the OSK answers."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from network.models import Organisation
from osk_portal.toolkit.forms import HttpsURLField
from osk_portal.toolkit.text_fields import LineField, TextField
from sandbox.models import Blueprint, Pool, Wish
from sandbox.prototypes import image_problem, repository_problem
from sandbox.services.wishes import Prototype, key_of

_WEB = {"invalid": gettext_lazy("Enter an address that begins with https://.")}


class _ForOrganisation(forms.Form):
    """``cleaned_data["organisation"]``: the chosen one, or the only one."""

    organisation = forms.ModelChoiceField(
        label=gettext_lazy("For which organisation?"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        error_messages={
            "required": gettext_lazy("Choose the organisation."),
            "invalid_choice": gettext_lazy("Choose the organisation."),
        },
    )

    def __init__(self, *args: Any, organisations: list[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._organisations = organisations
        if len(organisations) > 1:
            choice = cast("forms.ModelChoiceField[Organisation]", self.fields["organisation"])
            choice.queryset = Organisation.objects.filter(pk__in=[o.pk for o in organisations])
        else:
            del self.fields["organisation"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if len(self._organisations) == 1:
            data["organisation"] = self._organisations[0]
        return data


class JoinForm(_ForOrganisation):
    why = TextField(
        label=gettext_lazy("What do you want to test for?"),
        help_text=gettext_lazy("Only the OSK reads this. One or two sentences are enough."),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Say in a sentence what you test for.")},
    )


class WishForm(JoinForm):
    field_order = ("organisation", "name", "website", "why")

    name = LineField(
        label=gettext_lazy("Name of the product"),
        help_text=gettext_lazy(
            "If somebody has asked for it already, your wish is added to that one."
        ),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter the name of the product.")},
    )
    website = HttpsURLField(
        label=gettext_lazy("Website or repository of the product"),
        max_length=300,
        required=False,
        error_messages=_WEB,
    )

    def clean_name(self) -> str:
        return _named(self.cleaned_data["name"])

    def clean_website(self) -> str:
        return _https(self.cleaned_data["website"])


class PrototypeForm(_ForOrganisation):
    field_order = (
        "organisation", "name", "image", "port", "repository", "licence", "supporter", "data_statement", "why",
    )  # fmt: skip

    name = LineField(
        label=gettext_lazy("Name of the prototype"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter the name of the prototype.")},
    )
    image = LineField(
        label=gettext_lazy("Image, by its digest"),
        help_text=gettext_lazy(
            "For example registry.example.org/team/name@sha256:… Tags such as “latest” are not taken:"
            " they can change."
        ),
        max_length=300,
        required=False,
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port on which the image answers"),
        help_text=gettext_lazy("A number, often 8080. Needed with an image only."),
        min_value=1,
        max_value=65535,
        required=False,
        error_messages={
            "invalid": gettext_lazy("Enter a whole number from 1 to 65535."),
            "min_value": gettext_lazy("Enter a whole number from 1 to 65535."),
            "max_value": gettext_lazy("Enter a whole number from 1 to 65535."),
        },
    )
    repository = LineField(
        label=gettext_lazy("Address of the repository"),
        help_text=gettext_lazy(
            "Needed where there is no image yet: the OSK then builds one with you."
        ),
        max_length=300,
        required=False,
    )
    licence = LineField(
        label=gettext_lazy("Licence"),
        help_text=gettext_lazy("For example EUPL-1.2. “None yet” is an answer too."),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter the licence.")},
    )
    supporter = LineField(
        label=gettext_lazy("Who supports it?"),
        help_text=gettext_lazy(
            "Your own team, or a company. The OSK asks there when it does not start."
        ),
        max_length=200,
        error_messages={"required": gettext_lazy("Say who supports the prototype.")},
    )
    data_statement = TextField(
        label=gettext_lazy("Which data are in it?"),
        help_text=gettext_lazy(
            "Say what the image brings along and what is entered. Test environments take invented data only."
        ),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Say which data are in it.")},
    )
    why = TextField(
        label=gettext_lazy("What do you want to test for?"),
        help_text=gettext_lazy("Only the OSK reads this. One or two sentences are enough."),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Say in a sentence what you test for.")},
    )
    only_test_data = forms.BooleanField(
        label=gettext_lazy(
            "The image holds no personal data, nothing classified and no real passwords."
        ),
        error_messages={"required": gettext_lazy("Confirm that the image holds no such data.")},
    )

    def clean_name(self) -> str:
        return _named(self.cleaned_data["name"])

    def clean_image(self) -> str:
        image: str = self.cleaned_data["image"].strip()
        if image and (problem := image_problem(image)):
            raise ValidationError(problem)
        return image

    def clean_repository(self) -> str:
        address: str = self.cleaned_data["repository"].strip()
        if address and (problem := repository_problem(address)):
            raise ValidationError(problem)
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        has_source = data.get("image") or data.get("repository")
        if not has_source and not {"image", "repository"} & {*self.errors}:
            self.add_error("image", _("Name the image or the address of the repository."))
        if data.get("image") and not data.get("port") and "port" not in self.errors:
            self.add_error("port", _("Enter the port on which the image answers."))
        return data

    def prototype(self) -> Prototype:
        data = self.cleaned_data
        return Prototype(
            name=data["name"],
            image=data["image"],
            port=data["port"] if data["image"] else None,
            repository=data["repository"],
            licence=data["licence"],
            supporter=data["supporter"],
            data_statement=data["data_statement"],
        )


def _named(name: str) -> str:
    if not key_of(name):
        raise ValidationError(_("The name needs a letter or a digit."))
    return name


def _https(address: str) -> str:
    if address and not address.startswith("https://"):
        raise ValidationError(_WEB["invalid"])
    return address


# The OSK's side


class WishAnswerForm(forms.Form):
    answer = TextField(
        label=gettext_lazy("Answer to those who asked"),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Enter an answer: everybody who asked reads it.")},
    )


class WishRefusalForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Shown to those who asked. Say what would help instead."),
        max_length=2000,
        rows=3,
        error_messages={"required": gettext_lazy("Enter the reason.")},
    )


class WishOfferForm(forms.Form):
    blueprint = forms.ModelChoiceField(
        label=gettext_lazy("Test product"),
        queryset=Blueprint.objects.none(),
        empty_label=gettext_lazy("Please choose"),
        error_messages={
            "required": gettext_lazy("Choose the test product."),
            "invalid_choice": gettext_lazy("Choose the test product."),
        },
    )

    def __init__(self, *args: Any, wish: Wish, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast("forms.ModelChoiceField[Blueprint]", self.fields["blueprint"])
        choice.queryset = (
            Blueprint.objects.with_version().filter(wishes=wish)
            if wish.is_prototype
            else Blueprint.objects.bookable()
        )


class WishMergeForm(forms.Form):
    target = forms.ModelChoiceField(
        label=gettext_lazy("Carry it on with"),
        queryset=Wish.objects.none(),
        empty_label=gettext_lazy("Please choose"),
        to_field_name="public_id",
        error_messages={
            "required": gettext_lazy("Choose the other wish."),
            "invalid_choice": gettext_lazy("Choose the other wish."),
        },
    )

    def __init__(self, *args: Any, wish: Wish, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast("forms.ModelChoiceField[Wish]", self.fields["target"])
        choice.queryset = Wish.objects.mergeable().exclude(pk=wish.pk).order_by("name", "pk")


class PrototypeDraftForm(forms.Form):
    pool = forms.ModelChoiceField(
        label=gettext_lazy("Capacity"),
        queryset=Pool.objects.order_by("name"),
        empty_label=gettext_lazy("Please choose"),
        error_messages={
            "required": gettext_lazy("Choose the capacity."),
            "invalid_choice": gettext_lazy("Choose the capacity."),
        },
    )
