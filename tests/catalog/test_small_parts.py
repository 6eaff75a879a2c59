"""Licences, repositories, labels, presentation: what stands between the file and the page."""

from __future__ import annotations

import pytest
from django.utils import translation

from catalog import documents, licences, presentation, repositories, vocabulary_labels
from catalog.enums import LicenceFamily
from catalog.importing import import_publiccode
from catalog.publiccode import vocabulary
from tests.catalog.files import publiccode_file

SAME_IN_GERMAN = {"blog"}


@pytest.mark.parametrize(
    ("expression", "family"),
    [
        ("EUPL-1.2", LicenceFamily.COPYLEFT),
        ("agpl-3.0-or-later", LicenceFamily.COPYLEFT),
        ("GPL-2.0+", LicenceFamily.COPYLEFT),
        ("GPL-2.0-only WITH Classpath-exception-2.0", LicenceFamily.COPYLEFT),
        ("MPL-2.0", LicenceFamily.WEAK_COPYLEFT),
        ("MIT", LicenceFamily.PERMISSIVE),
        ("CC0-1.0", LicenceFamily.PERMISSIVE),
        ("MIT OR GPL-3.0-only", LicenceFamily.PERMISSIVE),
        ("MIT AND LGPL-3.0-only AND Apache-2.0", LicenceFamily.WEAK_COPYLEFT),
        ("CECILL-2.1", LicenceFamily.COPYLEFT),
        ("CECILL-C", LicenceFamily.WEAK_COPYLEFT),
        ("LiLiQ-P-1.1", LicenceFamily.PERMISSIVE),
        ("LicenseRef-Eigene", LicenceFamily.OTHER),
        ("frei (", LicenceFamily.OTHER),
        ("(" * 400, LicenceFamily.OTHER),
        ("", None),
        ("MIT OR " * 200 + "MIT", None),
    ],
)
def test_families_of_licences(expression, family):
    assert licences.family(expression) == family


def test_every_family_is_explained():
    assert all(licences.plain(family) for family in LicenceFamily)
    assert licences.plain("") is None


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("https://GitHub.com/Acme/Tool.git/", "https://github.com/acme/tool"),
        ("http://www.github.com//acme/tool#readme", "https://github.com/acme/tool"),
        ("git@github.com:acme/tool.git", "https://github.com/acme/tool"),
        ("git+https://github.com/acme/tool", "https://github.com/acme/tool"),
        ("ssh://git@codeberg.org:2222/a/b", "https://codeberg.org:2222/a/b"),
        ("https://example.org", "https://example.org"),
        ("", None),
        ("kein Repository", None),
        ("https://[::1", None),
        ("https://x.example:99999/", None),
        ("https://e.example/" + "x" * 600, None),
    ],
)
def test_one_spelling_a_repository(url, normalised):
    assert repositories.normalise(url) == normalised


def test_every_value_of_the_lists_has_a_german_label():
    with translation.override("de"):
        german = {v: vocabulary_labels.category(v) for v in vocabulary.CATEGORIES}
        scopes = {v: vocabulary_labels.scope(v) for v in vocabulary.SCOPES}

    assert set(vocabulary_labels.CATEGORIES) == set(vocabulary.CATEGORIES)
    assert set(vocabulary_labels.SCOPES) == set(vocabulary.SCOPES)
    assert (len(german), len(scopes)) == (106, 24)
    with translation.override("en"):
        english = {v: vocabulary_labels.category(v) for v in vocabulary.CATEGORIES}
    # Words that are the same in both languages; everything else has its own German one.
    assert {v for v in german if german[v] == english[v]} == SAME_IN_GERMAN
    assert german["document-management"] == "Dokumentenmanagement"
    assert len(set(german.values())) == len(german)
    assert len(set(scopes.values())) == len(scopes)


def test_unknown_values_are_shown_as_they_are():
    assert vocabulary_labels.category("x-y") == "x-y"
    assert vocabulary_labels.platform("Web") == "Web"
    assert vocabulary_labels.platform("FreeBSD") == "FreeBSD"
    with translation.override("de"):
        assert vocabulary_labels.language("de") == "Deutsch"
        assert vocabulary_labels.language("de_CH") == "Deutsch (Schweiz)"
        assert vocabulary_labels.language("x" * 50) == "x" * 50


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "data:text/html,x", "ftp://a.example", "//a", "https://[x"]
)
def test_only_web_addresses_become_links(url):
    assert presentation.link(url) is None


def test_links_are_short_in_words():
    assert presentation.link("https://www.example.org/a/").text == "example.org/a"
    assert len(presentation.link("https://example.org/" + "a" * 200).text) == 60


def test_the_description_in_the_language_of_the_reader():
    document = {"description": {"it": {"a": 1}, "en-GB": {"a": 2}, "de": {"a": 3}}}
    for language, tag in (("de", "de"), ("en", "en-GB")):
        with translation.override(language):
            assert documents.description(document)[0] == tag
    del document["description"]["de"]
    with translation.override("de"):
        assert documents.description(document)[0] == "en-GB"
    del document["description"]["en-GB"]
    assert documents.description(document)[0] == "it"
    assert documents.description({}) == ("de", {})


def test_putting_nothing_removes_the_key_and_what_is_empty_without_it():
    document = {"legal": {"license": "MIT"}}

    documents.put(document, ("legal", "license"), None)
    documents.put(document, ("description", "de", "features"), ["a"])

    assert document == {"description": {"de": {"features": ["a"]}}}


@pytest.mark.parametrize(
    ("expression", "eupl"),
    [
        ("EUPL-1.2", "EUPL selbst"),
        ("AGPL-3.0-or-later", "Liste"),
        ("GPL-2.0+", "Liste"),
        ("GPL-1.0-only", "nicht in der Liste"),
        ("EUPL-1.2 AND GPL-3.0-only", "verbunden"),
        ("MIT", "Ja."),
        ("BUSL-1.1", "Noch nicht geklärt"),
        # An exception makes no combination of it.
        ("GPL-2.0-only WITH Classpath-exception-2.0", "Ja. Sie steht in der Liste"),
        # "Or later" may be taken as one that is listed.
        ("GPL-1.0-or-later", "Ja. Sie steht in der Liste"),
        ("GPL-1.0+", "Ja. Sie steht in der Liste"),
        ("AGPL-1.0-or-later", "Ja. Sie steht in der Liste"),
        ("GFDL-1.1-or-later", "nicht in der Liste"),
        ("GPL-1.0-only WITH Classpath-exception-2.0", "nicht in der Liste"),
        # Strong copyleft, whatever the index calls it.
        ("CECILL-2.0", "Ja. Sie steht in der Liste"),
        ("CECILL-2.1", "Ja. Sie steht in der Liste"),
        ("CECILL-1.1", "nicht in der Liste"),
        ("LiLiQ-R-1.1", "Ja. Sie steht in der Liste"),
        ("LiLiQ-Rplus-1.1", "Ja. Sie steht in der Liste"),
        ("OSL-3.0", "Ja. Sie steht in der Liste"),
        ("OSL-1.0", "nicht in der Liste"),
        # Copyleft that ends at the files or the library.
        ("LGPL-2.1-or-later", "Ja. Eigene Teile"),
        ("LGPL-3.0-only", "Ja. Eigene Teile"),
        ("LGPL-3.0-only WITH LGPL-3.0-linking-exception", "Ja. Eigene Teile"),
        ("mpl-2.0", "Ja. Eigene Teile"),
        ("EPL-1.0", "Ja. Eigene Teile"),
        ("EPL-2.0", "Ja. Eigene Teile"),
        ("CDDL-1.0", "Ja. Eigene Teile"),
        ("CECILL-C", "Ja. Eigene Teile"),
        ("MIT AND MPL-2.0", "Ja. Eigene Teile"),
        # In the list for works other than software, or not at all.
        ("CC-BY-SA-3.0", "keine Software"),
        ("CC-BY-SA-4.0", "nicht in der Liste"),
        ("CC-BY-SA-3.0-DE", "nicht in der Liste"),
        ("QPL-1.0", "nicht in der Liste"),
        ("CPL-1.0", "nicht in der Liste"),
        ("GFDL-1.3-only", "nicht in der Liste"),
        ("RPL-1.5", "nicht in der Liste"),
        ("MPL-2.0 AND CC-BY-SA-4.0", "verbunden"),
    ],
)
def test_whether_it_goes_with_the_eupl(expression, eupl):
    assert eupl in str(licences.plain(licences.family(expression), expression).eupl)


def test_only_what_protects_files_may_be_called_so():
    """And a family that was kept before we knew better is not believed."""
    kept = LicenceFamily.WEAK_COPYLEFT
    assert "Dateien der Software" in str(licences.plain(kept, "MPL-2.0").summary)
    assert "Dateien der Software" not in str(licences.plain(kept, "CC-BY-SA-4.0").summary)
    assert licences.plain(kept, "CECILL-2.1").summary == licences.plain("copyleft").summary


@pytest.mark.parametrize("kept", ["weak_copyleft", "copyleft"])
def test_of_a_licence_that_nobody_can_read_nothing_is_claimed(kept):
    assert "nicht geklärt" in str(licences.plain(kept).eupl)
    assert "nicht geklärt" in str(licences.plain(kept, "MIT AND " * 100 + "MIT").eupl)


@pytest.mark.parametrize("licence", ["BUSL-1.1", "SSPL-1.0", "CC-BY-NC-4.0", "Elastic-2.0"])
def test_nobody_is_told_that_they_may_use_what_may_not_be_free(client, db, licence):
    content = publiccode_file(("legal.license", licence))
    entry = import_publiccode(content, publish=True).solution

    page = client.get(entry.get_absolute_url()).text

    assert "kostenlos" not in page
    assert "ob das freie Software ist" in page
