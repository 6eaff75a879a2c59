"""Logos and screenshots: fetched by rows, drawn anew, described, blocked, shown, and gone again."""

from __future__ import annotations

import functools
import io
import os
import time
from datetime import timedelta

import pytest
from django.urls import reverse
from PIL import Image

from catalog import services
from catalog.exports import dump
from catalog.grants import CURRENT
from catalog.importing import import_publiccode
from catalog.models import Picture, Solution
from catalog.pictures import files
from catalog.services import fetching, pictures, refresh
from osk_portal import portal
from osk_portal.toolkit import clock as portal_clock
from osk_portal.toolkit.transitions import TransitionNotAllowed
from tests.catalog.fetching import HOST, REPOSITORY
from tests.catalog.files import publiccode_file
from tests.catalog.images import bomb, jpeg, png, svg

pytestmark = pytest.mark.django_db
RAW = "/land/termine/-/raw/HEAD/"
LOGO, SHOT = "img/logo.svg", "img/a b.png"
TEXT = "Ein Kalender mit drei freien Terminen."


draw_once = functools.cache(files.draw)  # test_drawing.py looks at the children


@pytest.fixture
def shelf(forge, settings, tmp_path, monkeypatch):
    """What the forge has under the repository's raw address: path -> body; ``etags`` are honoured."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(files, "draw", draw_once)
    shelf = {RAW + LOGO: svg(), RAW + "img/a%20b.png": png(800, 400)}

    def respond(request):
        body = shelf.get(request.path)
        etag = f'"{hash(body)}"'
        if body is None:
            request.say(404)
        elif isinstance(body, int):
            request.say(body)
        elif request.headers.get("If-None-Match") == etag:
            request.say(304, ETag=etag)
        else:
            request.say(200, body, ETag=etag)

    forge.server.respond = respond
    return shelf


def file(*paths, **top):
    return publiccode_file(
        ("description.de.screenshots", [SHOT]),
        *paths,
        **{"url": REPOSITORY, "name": "Termine", "logo": LOGO, **top},
    )


@pytest.fixture
def solution(world, shelf):
    solution = import_publiccode(file(), publish=True).solution
    Solution.objects.filter(pk=solution.pk).update(maintainer=world.company)
    solution.refresh_from_db()
    return solution


def fetch(solution, **found):
    """Every picture that is due."""
    for picture in Picture.objects.filter(solution=solution, **found):
        pictures.run(picture.pk)
    solution.refresh_from_db()


def get(solution, kind):
    return solution.pictures.get(kind=kind)


def shown(solution):
    return [picture["kind"] for picture in solution.shown_pictures]


def describe(solution, actor, text=TEXT):
    shot = get(solution, "screenshot")
    key = str(shot.public_id)
    return services.describe_pictures(
        solution.pk, texts={key: text}, seen={key: shot.digest}, actor=actor, wording=CURRENT
    )


def alt(shot, text):
    """A text for what is there now, as the page sends it."""
    return {f"alt-{shot.public_id}": text, f"seen-{shot.public_id}": shot.digest}


def page(client, solution, user=None):
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(solution.get_absolute_url())


def kept():
    return sorted(path.name for path in files.path_of("0" * 64).parent.parent.glob("*/*"))


def test_pictures_of_a_file_are_fetched_by_the_sweep_and_drawn_anew(solution, forge):
    assert shown(solution) == []
    rung = [ids for task, ids in fetching.waiting_ids(9) if task == fetching.FETCH_PICTURE]
    assert refresh.sweep() == 2
    assert len(rung) == 2

    for ids in rung:
        assert pictures.run(**ids)
        assert not pictures.run(**ids)  # done until the night

    solution.refresh_from_db()
    logo, shot = get(solution, "logo"), get(solution, "screenshot")
    assert (logo.width, logo.height) == (192, 96)
    assert (shot.width, shot.height) == (800, 400)
    assert shown(solution) == ["logo"]  # nobody has described the screenshot
    assert kept() == sorted([f"{logo.digest}.webp", f"{shot.digest}.webp", f"{shot.digest}-s.webp"])
    assert shot.next_attempt_at > portal_clock.now() + timedelta(minutes=30)
    assert {path for path, _h in forge.server.asked} == {RAW + LOGO, RAW + "img/a%20b.png"}


def test_a_screenshot_stands_on_the_page_once_it_is_described(client, solution, world):
    fetch(solution)
    assert TEXT not in page(client, solution).text

    assert describe(solution, world.editor)
    assert not describe(solution, world.editor)  # the same again is no change

    solution.refresh_from_db()
    html = page(client, solution).text
    shot = get(solution, "screenshot")
    small = reverse("catalog:picture_small", args=[shot.digest])
    assert f'alt="{TEXT}" width="800" height="400"' in html
    assert f"{small} 640w" in html
    assert "behalten ihre Lizenz" in html
    assert 'alt="Termine" width="96" height="48"' in html
    event = solution.events.get(kind="pictures_described")
    assert (event.actor, event.data["pictures"]) == (world.editor, [str(shot.public_id)])
    listed = client.get(reverse("catalog:solution_list")).text
    assert reverse("catalog:picture", args=[get(solution, "logo").digest]) in listed


def test_a_changed_screenshot_needs_its_text_anew_and_a_moved_one_keeps_it(
    solution, world, shelf, clock
):
    fetch(solution)
    describe(solution, world.editor)
    shelf[RAW + "neu.png"] = shelf[RAW + "img/a%20b.png"]
    solution.refresh_from_db()
    services.write_document(
        solution,
        {**solution.document, "description": {"de": {"screenshots": ["neu.png"]}}},
        origin="import",
        findings=[],
    )
    fetch(solution)
    assert shown(solution) == ["logo", "screenshot"]

    shelf[RAW + "neu.png"] = jpeg(90, 60)
    clock.move_to(portal_clock.now() + timedelta(days=2))
    fetch(solution)

    assert shown(solution) == ["logo"]
    assert get(solution, "screenshot").alt == TEXT
    describe(solution, world.advisor)
    solution.refresh_from_db()
    assert shown(solution) == ["logo", "screenshot"]


def test_the_night_asks_with_conditions_and_draws_only_what_is_new(
    solution, shelf, clock, forge, monkeypatch
):
    fetch(solution)
    before = Picture.objects.get(solution=solution, kind="logo")
    drawn = []
    monkeypatch.setattr(files, "draw", lambda *a, real=files.draw: drawn.append(a[0]) or real(*a))
    shelf[RAW + "img/a%20b.png"] = png(50, 50)
    forge.server.asked.clear()
    clock.move_to(portal_clock.now() + timedelta(days=2))

    fetch(solution)

    assert drawn == ["screenshot"]
    assert all("If-None-Match" in headers for _path, headers in forge.server.asked)
    after = Picture.objects.get(pk=before.pk)
    assert (after.digest, after.fetched_at > before.fetched_at) == (before.digest, True)


def test_a_picture_that_is_gone_goes_after_three_days_and_comes_back(solution, shelf, clock):
    fetch(solution)
    body = shelf.pop(RAW + LOGO)
    now = portal_clock.now() + timedelta(days=2)
    pauses = []
    for _night in range(9):
        clock.move_to(now)
        fetch(solution, kind="logo")
        logo = get(solution, "logo")
        pauses.append((logo.next_attempt_at - now) / timedelta(hours=1))
        is_late = now - logo.failing_since >= pictures.PATIENCE
        assert (shown(solution) == []) == is_late
        now = logo.next_attempt_at
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 168]
    assert logo.problem == "not_found"

    shelf[RAW + LOGO] = body
    clock.move_to(now)
    fetch(solution, kind="logo")
    assert shown(solution) == ["logo"]
    assert get(solution, "logo").failing_since is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (404, "not_found"),
        (503, "not_found"),
        (302, "not_found"),
        (b"version https://git-lfs.github.com/spec/v1", "unreadable"),
        (b"<html><script>alert(1)</script></html>", "unreadable"),
        (bomb(), "too_large"),
        (b"\x89PNG" + b"x" * files.MOST_BYTES, "too_large"),
        (svg("<text>A</text>"), "text"),
    ],
    ids=range(8),
)
def test_what_is_no_picture_is_not_shown_and_says_why(
    client, solution, shelf, world, body, problem
):
    shelf[RAW + LOGO] = body
    fetch(solution, kind="logo")

    logo = get(solution, "logo")
    assert (logo.problem, logo.digest, shown(solution)) == (problem, "", [])
    assert kept() == []
    client.force_login(world.editor, backend="django.contrib.auth.backends.ModelBackend")
    assert logo.get_problem_display() in client.get(list_url(solution)).text


@pytest.mark.parametrize(
    "source",
    [
        "../secret.png", "https://example.org/logo.png", f"http://{HOST}/logo.png", "file:///etc/passwd",
        "https://127.0.0.1/logo.png", f"https://user@{HOST}/logo.png", f"https://{HOST}:8443/a.png",
        "javascript:alert(1)", "data:image/png;base64,AAAA", "//example.org/a.png", "a?b.png", "a\\b.png",
        f"https://{HOST}\\@example.org/a.png", "https://[", ".",
    ],
)  # fmt: skip
def test_addresses_that_lead_elsewhere_are_not_asked(world, shelf, forge, source):
    solution = import_publiccode(file(logo=source), publish=True).solution
    fetch(solution, kind="logo")

    assert not [p for p, _h in forge.server.asked if p != RAW + "example.org/a.png"]
    assert [p.problem for p in solution.pictures.filter(kind="logo")] in ([], ["not_found"])


def test_the_page_of_a_forge_about_a_picture_is_taken_for_the_picture(world, shelf):
    address = f"{REPOSITORY}/-/blob/main/img/logo.svg"
    shelf["/land/termine/-/raw/main/img/logo.svg"] = svg()
    solution = import_publiccode(file(logo=address), publish=True).solution
    fetch(solution, kind="logo")
    assert shown(solution) == ["logo"]


def test_a_blocked_picture_leaves_the_portal_and_stays_out(client, solution, world, shelf, forge):
    fetch(solution)
    logo = get(solution, "logo")
    address = reverse("catalog:picture", args=[logo.digest])
    assert client.get(address).status_code == 200

    event = services.block_picture(logo.pk, is_blocked=True, actor=world.advisor)

    assert (event.kind, event.actor) == ("picture_blocked", world.advisor)
    assert client.get(address).status_code == 404
    with pytest.raises(TransitionNotAllowed):
        services.block_picture(logo.pk, is_blocked=True, actor=world.advisor)
    solution.refresh_from_db()
    assert shown(solution) == []
    forge.server.asked.clear()
    assert not pictures.run(logo.pk)
    # Named no more and named again: still blocked.
    document = dict(solution.document)
    for changed in ({k: v for k, v in document.items() if k != "logo"}, document):
        services.write_document(solution, changed, origin="import", findings=[])
    fetch(solution)
    assert (shown(solution), forge.server.asked) == ([], [])
    services.block_picture(logo.pk, is_blocked=False, actor=world.second_advisor)
    fetch(solution)
    assert shown(solution) == ["logo"]


def list_url(solution):
    return reverse("catalog:picture_list", args=[solution.slug])


@pytest.mark.parametrize(
    ("who", "status", "may_block"),
    [
        (None, 302, False),
        ("visitor", 403, False),
        ("stranger", 403, False),
        ("colleague", 403, False),
        ("editor", 200, False),
        ("advisor", 200, True),
    ],
)
def test_who_looks_after_the_pictures(client, solution, world, who, status, may_block):
    fetch(solution)
    user = getattr(world, who) if who else None
    if user:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    shot, logo = get(solution, "screenshot"), get(solution, "logo")

    answer = client.get(list_url(solution))
    assert answer.status_code == status
    if status == 200:
        assert ("sperren" in answer.text) == may_block
        assert "no-store" in answer["Cache-Control"]
    sent = client.post(list_url(solution), {**alt(shot, TEXT), "cc0": "on"})
    assert sent.status_code == (302 if status in (200, 302) else status)
    solution.refresh_from_db()
    assert ("screenshot" in shown(solution)) == (status == 200)

    block = reverse("catalog:picture_block", args=[logo.public_id])
    assert client.get(block).status_code == (405 if who else 302)
    client.post(block)
    logo.refresh_from_db()
    assert logo.is_blocked == may_block
    if may_block:
        client.post(reverse("catalog:picture_allow", args=[logo.public_id]))
        client.post(reverse("catalog:picture_allow", args=[logo.public_id]))  # twice acts once
        assert solution.events.filter(kind="picture_allowed").count() == 1
    # The service asks too.
    if who and status == 403:
        with pytest.raises(TransitionNotAllowed):
            describe(solution, user)
        with pytest.raises(TransitionNotAllowed):
            services.block_picture(logo.pk, is_blocked=True, actor=user)


def test_the_texts_of_a_maintainer_are_released_and_that_is_kept(client, solution, world):
    fetch(solution)
    client.force_login(world.editor, backend="django.contrib.auth.backends.ModelBackend")
    shot = get(solution, "screenshot")
    text = alt(shot, TEXT)

    answer = client.post(list_url(solution), text)
    assert answer.status_code == 422
    assert "#id_cc0" in answer.text
    assert TEXT in answer.text
    with pytest.raises(TransitionNotAllowed, match="CC0"):
        services.describe_pictures(
            solution.pk,
            texts={str(shot.public_id): TEXT},
            seen={str(shot.public_id): shot.digest},
            actor=world.editor,
        )
    solution.refresh_from_db()
    assert shown(solution) == ["logo"]

    assert client.post(list_url(solution), {**text, "cc0": "on"}).status_code == 302
    event = solution.events.get(kind="pictures_described")
    assert (event.actor, event.data["wording"]) == (world.editor, CURRENT)
    assert client.post(list_url(solution), text).status_code == 302  # nothing new is written


def test_a_text_is_for_the_picture_that_its_author_saw(client, solution, world, shelf):
    fetch(solution)
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    shot = get(solution, "screenshot")
    seen, name = f"seen-{shot.public_id}", f"alt-{shot.public_id}"
    assert f'name="{seen}" value="{shot.digest}"' in client.get(list_url(solution)).text
    shelf[RAW + "img/a%20b.png"] = jpeg(90, 60)
    Picture.objects.update(next_attempt_at=portal_clock.now() - timedelta(hours=1))
    fetch(solution)

    answer = client.post(list_url(solution), {name: TEXT, seen: shot.digest})
    assert answer.status_code == 422
    assert "hat sich inzwischen geändert" in answer.text
    assert TEXT in answer.text
    now = get(solution, "screenshot").digest
    assert f'name="{seen}" value="{now}"' in answer.text
    assert client.post(list_url(solution), {name: TEXT}).status_code == 422  # who knows which
    with pytest.raises(services.PictureChanged, match="inzwischen geändert"):
        services.describe_pictures(
            solution.pk,
            texts={str(shot.public_id): TEXT},
            seen={str(shot.public_id): shot.digest},
            actor=world.advisor,
        )
    assert client.post(list_url(solution), {name: TEXT, seen: now}).status_code == 302
    solution.refresh_from_db()
    assert shown(solution) == ["logo", "screenshot"]


def test_a_picture_that_changes_while_its_text_is_saved_is_asked_about(
    client, solution, world, monkeypatch
):
    fetch(solution)
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    shot = get(solution, "screenshot")
    seen, name = f"seen-{shot.public_id}", f"alt-{shot.public_id}"
    real = services.describe_pictures

    def late(*given, **more):
        Picture.objects.filter(pk=shot.pk).update(digest="f" * 64)
        return real(*given, **more)

    monkeypatch.setattr("catalog.views.pictures.describe_pictures", late)
    answer = client.post(list_url(solution), {name: TEXT, seen: shot.digest})

    assert answer.status_code == 422
    assert "hat sich inzwischen geändert" in answer.text
    assert TEXT in answer.text
    assert f'name="{seen}" value="{"f" * 64}"' in answer.text
    assert not solution.events.filter(kind="pictures_described").exists()


def test_a_text_too_long_or_with_control_characters_is_kept_in_the_form(client, solution, world):
    fetch(solution)
    client.force_login(world.editor, backend="django.contrib.auth.backends.ModelBackend")
    shot = get(solution, "screenshot")
    for text in ("x" * 301, "a\x07b", "a\u202eb"):
        answer = client.post(list_url(solution), {**alt(shot, text), "cc0": "on"})
        assert answer.status_code == 422
        assert f"#id_alt-{shot.public_id}" in answer.text
    hostile = '  "><script>\r\n alert(1) '
    client.post(list_url(solution), {**alt(shot, hostile), "cc0": "on"})
    html = page(client, solution).text
    assert 'alt="&quot;&gt;&lt;script&gt; alert(1)"' in html
    client.post(list_url(solution), alt(shot, ""))
    assert "<figure" not in page(client, solution).text


def test_a_picture_is_served_as_a_picture_and_nothing_else(client, solution, world):
    fetch(solution)
    logo, shot = get(solution, "logo"), get(solution, "screenshot")
    answer = client.get(reverse("catalog:picture_small", args=[logo.digest]))

    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"] == "public, max-age=604800, immutable"
    assert Image.open(io.BytesIO(answer.content)).size == (192, 96)
    # Not described: only for those who look after it, and for no cache.
    address = reverse("catalog:picture", args=[shot.digest])
    assert client.get(address).status_code == 404
    client.force_login(world.editor, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(address)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    for name in ("0" * 64, "a", "etc-passwd"):
        assert client.get(reverse("catalog:picture", args=[name])).status_code == 404
    assert client.post(address).status_code == 405
    files.path_of(shot.digest).unlink()
    assert client.get(address).status_code == 404


def test_pictures_of_a_draft_are_for_advisors(client, world, shelf):
    draft = import_publiccode(file()).solution
    fetch(draft)
    address = reverse("catalog:picture", args=[get(draft, "logo").digest])
    assert client.get(address).status_code == 404
    client.force_login(world.editor, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address).status_code == 404
    assert client.get(list_url(draft)).status_code == 404
    client.force_login(world.advisor, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(address)["Cache-Control"] == "private, no-store"
    assert address in page(client, draft).text


def test_formats_give_the_portals_addresses(client, solution, world, settings):
    fetch(solution)
    describe(solution, world.editor)
    settings.OSK_BASE_URL = "https://osk.example"
    logo, shot = get(solution, "logo"), get(solution, "screenshot")
    logo_url = f"https://osk.example/loesungen/bilder/{logo.digest}.webp"
    shot_url = f"https://osk.example/loesungen/bilder/{shot.digest}.webp"

    jsonld = client.get(reverse("catalog:solution_jsonld", args=[solution.slug])).json()
    assert jsonld["image"] == logo_url
    assert jsonld["targetProduct"]["screenshot"] == [
        {"@type": "ImageObject", "contentUrl": shot_url, "caption": TEXT}
    ]
    api = client.get(reverse("catalog-api:solution", args=[solution.slug])).json()
    assert api["logo"] == logo_url
    assert api["screenshots"] == [{"url": shot_url, "width": 800, "height": 400, "text": TEXT}]
    assert logo_url in b"".join(dump.csv_lines()).decode()


def test_files_that_nothing_uses_are_deleted_and_rows_follow_the_document(solution, shelf):
    fetch(solution)
    logo = get(solution, "logo")
    document = {k: v for k, v in solution.document.items() if k != "logo"}
    services.write_document(solution, document, origin="import", findings=[])
    assert not Picture.objects.filter(pk=logo.pk).exists()
    assert shown(solution) == []

    daily = portal.daily_jobs.get("catalog.pictures")
    daily.run()
    assert f"{logo.digest}.webp" in kept()  # so young that its row may only be on its way
    old = time.time() - 7200
    for path in files.path_of("0" * 64).parent.parent.glob("*/*"):
        os.utime(path, (old, old))
    daily.run()
    shot = get(solution, "screenshot")
    assert kept() == sorted([f"{shot.digest}.webp", f"{shot.digest}-s.webp"])


def test_entries_from_before_get_their_rows(solution):
    Picture.objects.all().delete()
    assert pictures.ensure_pictures() == 1
    assert solution.pictures.count() == 2
    assert pictures.ensure_pictures() == 0


def test_a_second_worker_s_outcome_is_not_overwritten(solution, monkeypatch):
    logo = get(solution, "logo")
    Picture.objects.exclude(pk=logo.pk).delete()

    def slow(kind, data, real=files.draw):
        Picture.objects.filter(pk=logo.pk).update(lease_token=None, alt="other")
        return real(kind, data)

    monkeypatch.setattr(files, "draw", slow)
    assert not pictures.run(logo.pk)
    logo.refresh_from_db()
    assert (logo.alt, logo.digest) == ("other", "")


def test_many_screenshots_are_cut_off_and_each_is_asked_once(world, shelf):
    shots = [f"{n}.png" for n in range(50)]
    content = file(
        ("description.de.screenshots", [*shots, *shots, "x" * 600, ""]),
        ("description.en", {"screenshots": shots}),
    )
    solution = import_publiccode(content, publish=True).solution
    assert solution.pictures.filter(kind="screenshot").count() == pictures.MOST_SCREENSHOTS
