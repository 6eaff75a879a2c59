"""Text modules: only known placeholders are kept, and inserting loses nothing that was typed."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from consulting import queues
from consulting.enums import CaseState
from consulting.models import ConsultingRequest, TextModule
from consulting.text_modules import fill

S = CaseState
LIST = "admin:consulting_textmodule_changelist"
ADD = "admin:consulting_textmodule_add"
COMPOSERS = [
    ("message", S.IN_PROGRESS, "text"),
    ("ask-back", S.IN_PROGRESS, "question"),
    ("answer", S.IN_PROGRESS, "text"),
    ("answer-at-once", S.SUBMITTED, "text"),
    ("decline", S.IN_PROGRESS, "reason"),
]


@pytest.fixture
def module(db) -> TextModule:
    return TextModule.objects.create(
        name="Zwischenstand",
        text="{anrede}\n\nzu {aktenzeichen} hören Sie bis {frist} von {ansprechperson}.",
    )


def test_ladder(world, sign_in):
    for role in ("visitor", "requester", "stranger", "operator"):
        assert sign_in(role).get(reverse(LIST)).status_code in (302, 403, 404)
        assert sign_in(role).post(reverse(ADD), {"name": "x", "text": "y"}).status_code in (
            302,
            403,
            404,
        )
    assert not TextModule.objects.exists()
    for role in ("advisor", "lead"):
        assert sign_in(role).get(reverse(LIST)).status_code == 200
        typed = {"name": f"Baustein {role}", "text": "Hallo {anrede}", "is_active": "on"}
        assert sign_in(role).post(reverse(ADD), typed).status_code == 302
    assert TextModule.objects.count() == 2


@pytest.mark.parametrize("text", ["{name}", "{anrede} {wert}", "{", "}", "{{anrede}}", "{}", ""])
def test_other_placeholders_are_refused_at_saving(sign_in, text):
    with pytest.raises(ValidationError):
        TextModule(name="x", text=text).full_clean()
    response = sign_in("advisor").post(reverse(ADD), {"name": "x", "text": text})
    assert response.status_code == 200
    assert not TextModule.objects.exists()


def test_fill(world, module):
    case = world.case(S.IN_PROGRESS, answer_due_on=date(2026, 12, 2))
    text = fill(module.text, case, world.other_advisor)
    assert "Alex Muster" in text
    assert case.reference in text
    assert "Kim Beispiel" in text
    assert "2026" in text
    assert "{" not in text


def test_what_is_filled_in_is_not_filled_again(world, module):
    world.requester.name = "{frist}"
    world.requester.save()
    case = world.case(S.SUBMITTED)
    assert "{frist}" in fill("{anrede}", case, world.advisor)
    assert fill("{ansprechperson}", case, world.advisor) == "Kim Beispiel"


@pytest.mark.parametrize(("name", "state", "field"), COMPOSERS)
def test_inserting_keeps_what_was_typed_and_sends_nothing(
    world, sign_in, send, module, name, state, field
):
    case = world.case(state)
    role = "lead" if name == "decline" else "advisor"
    typed = {field: "Schon getippt <b>", "module": str(module.public_id), "insert": "1"}
    response = send(sign_in(role), case, name, **typed)
    assert response.status_code == 200
    page = response.content.decode()
    assert "Schon getippt &lt;b&gt;\n\n" in page
    assert f"zu {case.reference} hören" in page
    assert f'value="{case.version}"' in page
    after = ConsultingRequest.objects.get(pk=case.pk)
    assert (after.state, after.version) == (state, case.version)
    assert not case.messages.exists()
    assert not case.events.exists()


def test_the_other_fields_stay(world, sign_in, send, module):
    case = world.case(S.IN_PROGRESS)
    response = send(
        sign_in("advisor"), case, "ask-back", question="", reply_by="2031-01-02",
        module=str(module.public_id), insert="1",
    )  # fmt: skip
    assert "2031-01-02" in response.content.decode()
    assert not response.context["form"].errors


@pytest.mark.parametrize("chosen", ["", "x", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_module_changes_nothing(world, sign_in, send, module, chosen):
    case = world.case(S.IN_PROGRESS)
    response = send(sign_in("advisor"), case, "message", text="Getippt", module=chosen, insert="1")
    assert response.status_code == 200
    assert "Getippt" in response.content.decode()
    assert not case.messages.exists()


def test_a_chosen_module_that_was_not_inserted_is_not_sent(world, sign_in, send, module):
    case = world.case(S.IN_PROGRESS)
    send(sign_in("advisor"), case, "message", text="Nur das", module=str(module.public_id))
    assert [m.body for m in case.messages.all()] == ["Nur das"]
    question = {"question": "Wie viele?", "reply_by": "2026-12-30"}
    case = world.case(S.IN_PROGRESS)
    send(sign_in("advisor"), case, "ask-back", module=str(module.public_id), **question)
    assert ConsultingRequest.objects.get(pk=case.pk).state == S.WAITING_REQUESTER


def test_modules_out_of_use_are_not_offered(world, sign_in, module):
    case = world.case(S.IN_PROGRESS)
    page = sign_in("advisor").get(queues.case_url(case)).content.decode()
    assert module.name in page
    TextModule.objects.update(is_active=False)
    page = sign_in("advisor").get(queues.case_url(case)).content.decode()
    assert module.name not in page
    assert 'name="insert"' not in page
