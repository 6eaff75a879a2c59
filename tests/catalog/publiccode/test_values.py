"""Languages, licenses, addresses and dates, value by value."""

import pytest

from catalog.publiccode import rules
from catalog.publiccode.addresses import (
    has_unsafe_scheme,
    is_address,
    is_email,
    is_readable_address,
    is_uri,
    is_urn,
    is_web_address,
)
from catalog.publiccode.languages import is_language
from catalog.publiccode.licenses import canonical_license, is_license, license_ids
from catalog.publiccode.video_hosts import is_video_address
from catalog.publiccode.vocabulary import CATEGORIES, COUNTRIES, SCOPES


def test_the_lists_are_complete():
    assert (len(CATEGORIES), len(SCOPES), len(COUNTRIES)) == (106, 24, 249)


@pytest.mark.parametrize(
    "tag",
    ["de", "DE", "en-US", "zh-Hant", "zh-yue", "zh-cmn-Hans-CN", "sr-Latn-RS", "es-419", "de-1996",
     "ca-valencia", "sl-rozaj-biske", "de-Latn", "x-leicht", "de-x-leicht", "en-u-ca-gregory",
     "i-klingon", "en-GB-oed", "nds", "hsb", "qaa", "de-Qaaa", "en-XA", "sgn-ase"],
)  # fmt: skip
def test_languages(tag):
    assert is_language(tag)


@pytest.mark.parametrize(
    "tag",
    ["", "d", "xx", "deu", "eng", "german", "deutsch", "abcd", "de_DE", "it_IT", "ca@valencia", "de-",
     "-de", "de-DEU", "en-UK", "de-000", "de-Abcd", "de-abcde", "de-yue", "zh-abc", "de-DE-AT", "de-u",
     "x", "de de", "dé"],
)  # fmt: skip
def test_no_languages(tag):
    assert not is_language(tag)


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("MIT", ("MIT",)),
        ("eupl-1.2", ("EUPL-1.2",)),
        (" MIT ", ("MIT",)),
        ("GPL-2.0", ("GPL-2.0",)),
        ("GPL-2.0+", ("GPL-2.0+",)),
        ("GPL-2.0-with-classpath-exception", ("GPL-2.0-with-classpath-exception",)),
        ("EUPL-1.2-or-later", ("EUPL-1.2-or-later",)),
        ("MIT-only", ("MIT-only",)),
        ("Apache-2.0 WITH LLVM-exception", ("Apache-2.0",)),
        ("MIT OR Apache-2.0 AND BSD-3-Clause", ("MIT", "Apache-2.0", "BSD-3-Clause")),
        ("(MIT OR (Apache-2.0)) AND MIT", ("MIT", "Apache-2.0")),
        ("(MIT)OR(ISC)", ("MIT", "ISC")),
        ("LicenseRef-Haus-1.0 OR MIT", ("LicenseRef-Haus-1.0", "MIT")),
        ("DocumentRef-a:LicenseRef-b", ("DocumentRef-a:LicenseRef-b",)),
    ],
)
def test_licenses(expression, ids):
    assert is_license(expression)
    assert license_ids(expression) == ids


@pytest.mark.parametrize(
    "expression",
    ["", " ", "GPL", "EUPL", "Apache License, Version 2.0", "MIT or Apache-2.0", "MIT MIT", "MIT OR",
     "OR MIT", "MIT AND OR ISC", "(MIT", "MIT)", "()", "MIT +", "+", "MIT WITH", "MIT WITH MIT",
     "LLVM-exception", "LicenseRef-", "DocumentRef-a", "DocumentRef-a:MIT", "LicenseRef-a+", "Lizenz: MIT",
     "MIT, ISC", "MIT/ISC", "Klingonisch-1.0", "-only", "(MIT) WITH LLVM-exception"],
)  # fmt: skip
def test_no_licenses(expression):
    assert not is_license(expression)
    assert license_ids(expression) == ()


def test_a_license_has_one_spelling():
    assert canonical_license("agpl-3.0-OR-later") == "AGPL-3.0-or-later"
    assert canonical_license("nothing") is None


@pytest.mark.parametrize(
    ("text", "readable", "absolute", "web", "uri"),
    [
        ("https://example.org", True, True, True, True),
        ("HTTPS://EXAMPLE.ORG/A?b=c#d", True, True, True, True),
        ("http://user:pw@example.org:8080/", True, True, True, True),
        ("http://[2001:db8::1]:80/x", True, True, True, True),
        ("https://münchen.example/ä b", True, True, True, True),
        ("https://m%C3%BCnchen.example", True, True, True, True),
        ("https://example.org:", True, True, True, True),
        ("ssh://git@example.org/a.git", True, True, False, True),
        ("git@example.org:a/b.git", False, False, False, False),
        ("mailto:a@example.org", True, True, False, False),
        ("urn:isbn:123", True, True, False, True),
        ("file:///etc/passwd", True, True, False, False),
        ("file:///", True, False, False, False),
        ("https:#a", True, True, False, False),
        ("https://", True, False, False, False),
        ("https:///a", True, False, False, False),
        ("//example.org/a", True, False, False, False),
        ("///a", True, False, False, False),
        ("/a", True, False, False, False),
        ("a/b:c", True, False, False, False),
        ("", True, False, False, False),
        (":a", False, False, False, False),
        (" https://example.org", False, False, False, False),
        ("1a:b", False, False, False, False),
        ("https://exam ple.org", False, False, False, False),
        ("https://example.org:8o", False, False, False, False),
        ("https://[::1", False, False, False, False),
        ("https://[::1]x", False, False, False, False),
        ("https://us er@example.org", False, False, False, False),
        ("https://example.org/%zz", False, False, False, False),
        ("https://exa%2fmple.org", False, False, False, False),
        ("%zz", False, False, False, False),
        ("https://example.org/a\nb", False, False, False, False),
    ],
)
def test_addresses(text, readable, absolute, web, uri):
    found = (is_readable_address(text), is_address(text), is_web_address(text), is_uri(text))
    assert found == (readable, absolute, web, uri)


def test_a_bad_escape_in_the_fragment_is_unreadable():
    assert not is_readable_address("https://example.org/#%zz")
    assert is_uri("https://example.org/#a")


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "ftp://a", " javascript:a"]
)
def test_unsafe_schemes(text):
    assert has_unsafe_scheme(text)


@pytest.mark.parametrize("text", ["https://a", "img/a.png", "ssh://a", "#a"])
def test_safe_schemes(text):
    assert not has_unsafe_scheme(text)


@pytest.mark.parametrize("text", ["urn:isbn:1", "URN:x-a:b%20c", "urn:de:amt:1"])
def test_urns(text):
    assert is_urn(text)


@pytest.mark.parametrize(
    "text", ["urn:", "urn:a", "urn:a:", "urn:urn:a", "urn:a:b c", "urn:a:%zz", "urn:-a:b"]
)
def test_no_urns(text):
    assert not is_urn(text)


@pytest.mark.parametrize("text", ["a@b.de", "a.b+c@x-y.example.org", "ä@bücher.example", "a@1.de"])
def test_emails(text):
    assert is_email(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "@b.de", "a@.de", "a..b@c.de", "A <a@b.de>", "a@b.d1", "a b@c.de", "a@b.de "],
)
def test_no_emails(text):
    assert not is_email(text)


@pytest.mark.parametrize(
    ("text", "is_date"),
    [("2024-02-29", True), ("0000-02-29", True), ("2023-02-29", False), ("2024-13-01", False),
     ("2024-1-1", False), ("20240101", False), ("2024-01-01T00:00", False), ("٢٠٢٤-01-01", False)],
)  # fmt: skip
def test_dates(text, is_date):
    assert (rules.calendar_date(text) is None) == is_date


@pytest.mark.parametrize(
    ("address", "is_video"),
    [
        ("https://www.youtube.com/watch?v=abc", True),
        ("https://youtu.be/abc", True),
        ("https://youtube.com/watch?v=abc", False),
        ("http://www.youtube.com/watch?v=abc", False),
        ("https://www.youtube.com/@kanal", False),
        ("https://vimeo.com/1", True),
        ("https://evil.example/vimeo.com/1", False),
        ("https://evil.example/.youtube.com/watch", False),
        ("https://example.org/film.mp4", False),
        ("http://ted.com/talks/a", True),
        ("https://livestream.com/a/b", True),
        ("https://livestream.com/a", False),
    ],
)
def test_videos(address, is_video):
    assert is_video_address(address) == is_video


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("a\r\nb", 3),
        ("ä", 1),
        ("a\u0308", 1),
        ("👩‍👩‍👧", 1),
        ("🇩🇪🇪🇺", 2),
        ("각", 1),
    ],
)
def test_lengths_are_counted_as_people_do(text, length):
    assert rules.length_of(text) == length


def test_long_values_are_shortened_in_messages():
    assert rules.quoted("x" * 200) == "x" * 79 + "…"
