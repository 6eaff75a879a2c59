from __future__ import annotations

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import checking
from catalog.models import Solution
from catalog.publiccode.nodes import MAX_BYTES
from catalog.services.entries import RESERVED_SLUGS
from tests.catalog.publiccode.files import data, text

pytestmark = pytest.mark.django_db
ADDRESS = reverse("catalog:publiccode_check")
WRONG = text(
    name="name: ",
    softwareType="softwareType: standalone",
    legal="legal:\n  license: EUPL\n  repoOwner: Amt",
)


def upload(client, content, **fields):
    return client.post(ADDRESS, {"upload": SimpleUploadedFile("publiccode.yml", content), **fields})


def summary(html):
    return re.search(r'id="result">([^<]*)</h2>', html)[1].strip()


def ids_and_targets(html):
    return set(re.findall(r' id="([^"]+)"', html)), set(re.findall(r'href="#([^"]+)"', html))


def test_the_page_is_public_and_its_word_is_no_entry(client):
    response = client.get(ADDRESS)

    assert response.status_code == 200
    assert ADDRESS == "/loesungen/pruefen/"
    assert "pruefen" in RESERVED_SLUGS
    assert 'type="file"' in response.content.decode()
    assert client.put(ADDRESS).status_code == 405


@pytest.mark.parametrize("from_file", [True, False], ids=["file", "pasted"])
def test_a_valid_file(client, from_file):
    response = upload(client, data()) if from_file else client.post(ADDRESS, {"text": text()})

    html = response.content.decode()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert summary(html) == "Gültig"
    assert "<title>Gültig: publiccode.yml prüfen" in html
    # The text stands in the field, to be mended and checked again.
    assert response.context["form"].initial["text"] == text()
    assert not Solution.objects.exists()


def test_findings_stand_beside_their_lines_and_lead_there_and_back(client):
    response = client.post(ADDRESS, {"text": WRONG.replace("\n", "\r\n")})

    html = response.content.decode()
    assert summary(html) == "3 Fehler, 1 Hinweis"
    found = response.context["found"]
    assert [(r.key, r.line) for r in found.errors] == [
        ("name", 2),
        ("softwareType", 7),
        ("legal.license", 15),
    ]
    assert [(r.key, r.line) for r in found.hints] == [("legal.repoOwner", 16)]
    beside = {line.number: line.remarks for line in found.lines if line.remarks}
    assert list(beside) == [2, 7, 15, 16]
    assert "Schreiben Sie einen dieser Werte: standalone/mobile" in html
    ids, targets = ids_and_targets(html)
    assert targets <= ids | {"inhalt"}
    assert {"befund-1", "zeile-2", "befund-4", "zeile-16"} <= targets


def test_the_page_speaks_english(client):
    response = client.post(ADDRESS, {"text": WRONG}, headers={"accept-language": "en"})

    html = response.content.decode()
    assert summary(html) == "3 errors, 1 hint"
    assert "name is a required field" in html


def test_where_standard_and_parser_differ_a_hint_says_so(client):
    second = "\n  en:\n    shortDescription: Book\n    longDescription: short\n    features: [a]"
    blocks = text(IT="IT:\n  countryExtensionVersion: '1.0'").replace(
        "\nlegal:", second + "\nlegal:"
    )

    found = client.post(ADDRESS, {"text": blocks}).context["found"]

    assert "Referenzprüfung in jeder" in found.errors[0].hint
    assert [(r.key, "Referenzprüfung" in r.text) for r in found.hints] == [("IT", True)]


@pytest.mark.parametrize("from_file", [True, False], ids=["file", "pasted"])
def test_the_result_as_a_file(client, from_file):
    if from_file:
        response = upload(client, WRONG.encode(), format="json")
    else:
        response = client.post(ADDRESS, {"text": WRONG, "format": "json"})

    assert response["Content-Type"].startswith("application/json")
    assert response["Content-Disposition"] == 'attachment; filename="publiccode-check.json"'
    content = json.loads(response.content)
    assert content["valid"] is False
    first = content["findings"][0]
    assert (first["type"], first["key"], first["line"]) == ("error", "name", 2)
    assert first["description"]
    assert first["description_de"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Wählen Sie eine Datei, fügen Sie"),
        ({"text": " \n"}, "Wählen Sie eine Datei, fügen Sie"),
        ({"text": "a" * (MAX_BYTES + 1)}, "größer als 512 KB"),
        ({"text": "ä" * (MAX_BYTES // 2 + 1), "format": "json"}, "größer als 512 KB"),
        ({"text": "a\0b"}, "Nullzeichen"),
    ],
    ids=["nothing", "blank", "large", "large-in-utf-8", "nul"],
)
def test_what_cannot_be_checked_is_said_at_the_field(client, fields, words):
    response = client.post(ADDRESS, fields)

    html = response.content.decode()
    assert response.status_code == 422
    assert html.count(words) >= 2  # in the summary and at the field
    assert "<title>Fehler: " in html
    assert fields.get("text", "").strip() in html.replace("\0", "") or "\0" in fields["text"]


def test_a_file_that_is_too_large(client):
    response = upload(client, b"#" * (MAX_BYTES + 1))

    assert response.status_code == 422
    assert "upload" in response.context["form"].errors
    assert upload(client, b"#" * MAX_BYTES).status_code == 200


def test_the_file_wins_over_the_text_of_the_check_before(client):
    assert upload(client, data(), text=WRONG).context["found"].is_valid


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "publiccodeYmlVersion"),
        (text().encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\xff", "keine Textdatei"),
        (data(name="name: \xe4").replace("ä".encode(), b"\xe4"), "nicht in UTF-8"),
        (data(name="name: a\0b"), "U+0000"),
        (data(name="name: a\x07b"), "U+0007"),
        (b"\n" * MAX_BYTES, "publiccodeYmlVersion"),
        (b"a: " + b"x" * (MAX_BYTES - 3), "publiccodeYmlVersion"),
        (b"[" * 100_000, "Ebenen"),
        (b"- *a\n" * 1000, "Anker"),
    ],
    ids=["empty", "utf-16", "binary", "latin-1", "nul", "bell", "lines", "line", "deep", "alias"],
)
def test_hostile_files_get_a_calm_answer(client, content, words):
    response = upload(client, content)

    assert response.status_code == 200
    assert summary(response.content.decode()) == "1 Fehler"
    assert words in response.context["found"].errors[0].text
    ids, targets = ids_and_targets(response.content.decode())
    assert targets <= ids | {"inhalt"}
    assert len(response.content) < 1_200_000


def test_of_very_many_errors_the_first_are_listed(client):
    wrong = text(categories="categories: [" + "x, " * 600 + "]")

    html = client.post(ADDRESS, {"text": wrong}).content.decode()

    assert summary(html) == "500 Fehler"
    assert "Wir nennen die ersten 500." in html


def test_nothing_of_the_file_runs_or_hides(client):
    script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    hidden = "Terminheft\u202egpj.\u200b"
    response = client.post(
        ADDRESS,
        {
            "text": text(
                name=f"name: {hidden}", x="'" + script.replace("'", "''") + "': 1", y="z\u202e: 1"
            )
        },
    )

    html = response.content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    shown = re.sub(r"<textarea.*?</textarea>", "", html, flags=re.DOTALL)
    assert not {"\u202e", "\u200b"} & set(shown)
    assert "[U+202E]" in shown
    assert any("U+202E" in remark.text for remark in response.context["found"].hints)


def test_of_a_long_file_the_lines_around_the_findings_are_shown(client):
    content = (
        text(softwareType="softwareType: x") + "# Zeile\n" * 10_000 + "zuviel: 1\n" + "#\n" * 9
    )

    response = client.post(ADDRESS, {"text": content})

    numbers = [line.number for line in response.context["found"].lines]
    assert numbers[:10] == list(range(1, 11))
    last = content.count("\n") - 9
    assert numbers[10:] == list(range(last - 3, last + 4))
    assert "Zeilen ohne Befund sind ausgelassen" in response.content.decode()
    assert response.context["found"].skipped_at_end == 7


def test_nobody_checks_without_end_and_the_text_is_kept(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "publiccode_check": "1/10m/ip"}
    client.post(ADDRESS, {})

    response = client.post(ADDRESS, {"text": "name: Terminheft"})

    assert response.status_code == 429
    html = response.content.decode()
    assert "Versuchen Sie es in 10 Minuten" in html
    assert "name: Terminheft" in html


def test_nothing_is_asked_of_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.post(ADDRESS, {"text": WRONG})


@settings(deadline=None, max_examples=50)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda t: (text() + t).encode("utf-8", "replace"))
)
def test_any_bytes_are_checked_and_every_line_named_is_shown(content):
    found = checking.check(content)

    shown = {line.number for line in found.lines} | {0}
    remarks = [*found.errors, *found.hints]
    assert {remark.line for remark in remarks} <= shown
    assert len([r for line in found.lines for r in line.remarks]) == sum(
        r.line > 0 for r in remarks
    )
    assert found.is_valid == (not found.errors) == json.loads(checking.as_json(content))["valid"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [("a\u202eb", "a[U+202E]b"), ("\x85", "[U+0085]"), ("ä\t👩‍👩‍👧", "ä\t👩‍👩‍👧"), ("", "")],
)
def test_hidden_characters_are_shown_by_their_number(raw, shown):
    assert checking.visible(raw) == shown


def test_authors_find_the_page(client, world):
    assert ADDRESS in client.get(reverse("catalog:solution_list")).content.decode()
    client.force_login(world.editor, backend="django.contrib.auth.backends.ModelBackend")
    form = reverse("catalog:proposal_create", args=[world.solution.slug])
    assert ADDRESS in client.get(form).content.decode()
