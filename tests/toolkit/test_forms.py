"""Forms as KERN writes them, from plain Django forms."""

import re

import pytest
from django import forms
from django.template import Context, Template

from osk_portal.toolkit.forms import DateInput, DateTimeInput, HttpsURLField


class Everything(forms.Form):
    title = forms.CharField(label="Titel", help_text="Ein <kurzer> Satz")
    text = forms.CharField(label="Beschreibung", widget=forms.Textarea, required=False)
    phase = forms.ChoiceField(label="Phase", choices=[("a", "Idee"), ("b", "Betrieb")])
    kind = forms.ChoiceField(
        label="Art", choices=[("q", "Frage"), ("p", "Vorhaben")], widget=forms.RadioSelect
    )
    topics = forms.MultipleChoiceField(
        label="Themen",
        choices=[("1", "Betrieb"), ("2", "Vergabe")],
        widget=forms.CheckboxSelectMultiple,
        help_text="Wählen Sie alles, was passt.",
    )
    agreed = forms.BooleanField(label="Nur Testdaten")
    wished_on = forms.DateField(label="Wunschtermin", required=False, widget=DateInput)
    starts_at = forms.DateTimeField(label="Beginn", required=False, widget=DateTimeInput)
    secret = forms.CharField(label="Passwort", widget=forms.PasswordInput)
    count = forms.IntegerField(label="Anzahl", min_value=0, required=False)
    file = forms.FileField(label="Datei", required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def group(html: str, start: str) -> str:
    """The markup of one field, by the tag that opens it."""
    found = re.search(rf"<{start}.*?(?=<div class=\"kern-form-input|<fieldset|\Z)", html, re.DOTALL)
    assert found
    return found.group()


def test_no_field_lets_the_browser_interrupt() -> None:
    html = str(Everything())

    assert " required" not in html.replace("aria-required", "")
    assert 'id="id_title" ' in html or 'id="id_title"' in html


def test_a_required_field_says_so_to_aids_and_an_optional_one_to_all() -> None:
    form = Everything()

    assert 'aria-required="true"' in str(form["title"])
    assert "optional" not in form["title"].as_field_group()
    assert "aria-required" not in str(form["text"])
    assert '<span class="kern-label__optional">(optional)</span>' in form["text"].as_field_group()


def test_label_hint_and_control_belong_together() -> None:
    html = Everything()["title"].as_field_group()

    assert '<label class="kern-label" for="id_title">' in html
    assert '<div class="kern-hint" id="id_title_helptext">Ein &lt;kurzer&gt; Satz</div>' in html
    assert 'class="kern-form-input__input"' in html
    assert 'aria-describedby="id_title_helptext"' in html


def test_an_error_stands_at_the_field_and_is_announced_with_it() -> None:
    html = Everything(data={})["title"].as_field_group()

    assert "kern-form-input kern-form-input--error" in html
    assert 'class="kern-form-input__input kern-form-input__input--error"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'id="id_title_error"' in html


def test_what_was_typed_stays() -> None:
    html = str(Everything(data={"title": 'a"b<c>', "text": "</textarea>x"}))

    assert 'value="a&quot;b&lt;c&gt;"' in html
    assert "&lt;/textarea&gt;x" in html


def test_a_choice_of_several_is_a_fieldset_with_a_legend() -> None:
    html = Everything(data={})["topics"].as_field_group()

    assert '<fieldset class="kern-fieldset kern-fieldset--error"' in html
    assert 'aria-describedby="id_topics_helptext id_topics_error"' in html
    assert re.search(r'<legend class="kern-label">\s*Themen', html)
    assert html.count('type="checkbox"') == 2
    assert '<label class="kern-label" for="id_topics_1">Vergabe</label>' in html


def test_radio_buttons_carry_nothing_that_aria_forbids_them() -> None:
    html = str(Everything(data={})["kind"])

    assert 'class="kern-form-check__radio kern-form-check__radio--error"' in html
    assert "aria-invalid" not in html
    assert "aria-required" not in html


def test_a_select_has_kerns_wrapper_and_several_have_not() -> None:
    class Several(forms.Form):
        many = forms.MultipleChoiceField(choices=[("1", "a")])

    assert "kern-form-input__select-wrapper" in str(Everything()["phase"])
    assert "kern-form-input__select-wrapper" not in str(Several()["many"])


def test_one_checkbox_has_its_label_behind_it() -> None:
    html = Everything()["agreed"].as_field_group()

    assert html.index("kern-form-check__checkbox") < html.index('for="id_agreed"')


def test_dates_use_the_browsers_control_in_iso() -> None:
    from datetime import UTC, date, datetime

    form = Everything(
        initial={
            "wished_on": date(2026, 12, 2),
            "starts_at": datetime(2026, 12, 2, 9, 30, tzinfo=UTC),
        }
    )

    assert 'type="date"' in str(form["wished_on"])
    assert 'value="2026-12-02"' in str(form["wished_on"])
    assert 'type="datetime-local"' in str(form["starts_at"])
    assert 'value="2026-12-02T10:30"' in str(form["starts_at"])


def test_a_password_never_comes_back() -> None:
    assert "geheim" not in str(Everything(data={"secret": "geheim"}))


def test_zero_is_a_limit_too() -> None:
    assert 'min="0"' in str(Everything()["count"])


def test_hidden_fields_have_no_group() -> None:
    html = str(Everything())

    assert '<input type="hidden" name="token"' in html
    assert 'for="id_token"' not in html


def test_a_class_of_the_widget_is_kept() -> None:
    class Code(forms.Form):
        code = forms.CharField(
            widget=forms.TextInput(attrs={"class": "osk-digits", "disabled": None})
        )

    html = str(Code()["code"])
    assert 'class="kern-form-input__input osk-digits"' in html
    assert "disabled" not in html


@pytest.mark.parametrize(
    ("typed", "address"),
    [("osk.example", "https://osk.example"), ("http://osk.example", "http://osk.example")],
)
def test_an_address_without_a_scheme_is_https(typed: str, address: str) -> None:
    assert HttpsURLField().clean(typed) == address


SUMMARY = Template("{% include 'components/error_summary.html' with form=form only %}")


def test_the_summary_links_to_each_first_control() -> None:
    html = SUMMARY.render(Context({"form": Everything(data={"title": "x"})}))

    assert 'tabindex="-1"' in html
    assert "Bitte prüfen Sie 5 Angaben" in html
    assert 'href="#id_kind_0"' in html
    assert 'href="#id_topics_0"' in html
    assert 'href="#id_agreed"' in html
    assert ">Art: Dieses Feld ist zwingend erforderlich.<" in html
    assert ">Nur Testdaten: Dieses Feld ist zwingend erforderlich.<" in html


def test_the_summary_names_what_concerns_the_whole_form() -> None:
    form = Everything(data={"title": "x"})
    form.add_error(None, "Beides zusammen geht nicht.")

    assert "<li>Beides zusammen geht nicht.</li>" in SUMMARY.render(Context({"form": form}))


def test_a_form_without_errors_has_no_summary() -> None:
    assert SUMMARY.render(Context({"form": Everything()})).strip() == ""


def test_the_summary_reads_formsets() -> None:
    formset = forms.formset_factory(Everything, min_num=2, validate_min=True)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-title": "x"}
    )

    html = SUMMARY.render(Context({"form": formset}))

    assert 'href="#id_form-0-agreed"' in html
    assert "Bitte prüfen Sie 6 Angaben" in html


@pytest.mark.parametrize(("data", "title"), [({}, "Fehler: x"), (None, "x")])
def test_the_title_begins_with_the_error(data: dict[str, str] | None, title: str) -> None:
    template = Template("{% load osk %}{% error_prefix form %}x")

    assert template.render(Context({"form": Everything(data=data)})) == title
