"""Every rule of the standard: the code, the key and the line of the first finding."""

import pytest

from catalog.publiccode import Hooks, read
from catalog.publiccode.messages import MESSAGES
from tests.catalog.publiccode.files import data, description, line_of, text


def errors(source):
    return [(f.code, f.key) for f in read(source).errors]


def test_a_complete_file_has_no_findings():
    result = read(data())
    assert result.is_valid
    assert result.as_json() == []


@pytest.mark.parametrize(
    ("blocks", "code", "key", "marked"),
    [
        # missing and empty
        ({"name": None}, "required", "name", "publiccodeYmlVersion"),
        ({"name": 'name: ""'}, "required", "name", "name:"),
        ({"name": "name:"}, "required", "name", "name:"),
        ({"legal": None}, "required", "legal.license", None),
        ({"maintenance": "maintenance:"}, "required", "maintenance.type", "maintenance"),
        ({"url": None}, "required", "url", "publiccodeYmlVersion"),
        ({"url": "url: ~"}, "required", "url", "url:"),
        ({"platforms": None}, "required-list", "platforms", "publiccodeYmlVersion"),
        ({"platforms": "platforms: []"}, "required-list", "platforms", "platforms"),
        ({"developmentStatus": None}, "required", "developmentStatus", "publiccodeYmlVersion"),
        ({"softwareType": None}, "required", "softwareType", "publiccodeYmlVersion"),
        ({"description": "description: {}"}, "required-languages", "description", "description"),
        (
            {"description": description(shortDescription=None)},
            "required",
            "description.de.shortDescription",
            "longDescription",
        ),
        (
            {"description": description(longDescription=None)},
            "required",
            "description.de.longDescription",
            "shortDescription",
        ),
        (
            {"description": description("de-AT", longDescription=None)},
            "required",
            "description[de-AT].longDescription",
            "shortDescription",
        ),
        (
            {"description": description(features="features: []")},
            "required-list",
            "description.de.features",
            "features",
        ),
        ({"legal": "legal: {}"}, "required", "legal.license", "legal"),
        ({"maintenance": "maintenance: {}"}, "required", "maintenance.type", "maintenance"),
        (
            {"localisation": "localisation:\n  availableLanguages: [de]"},
            "required",
            "localisation.localisationReady",
            "availableLanguages",
        ),
        (
            {"localisation": "localisation:\n  localisationReady: true"},
            "required-list",
            "localisation.availableLanguages",
            "localisationReady",
        ),
        ({"organisation": "organisation:\n  name: X"}, "required", "organisation.uri", "name: X"),
        ({"fundedBy": "fundedBy:\n  - name: X"}, "required", "fundedBy[0].uri", "name: X"),
        ({"supports": "supports:\n  - {}"}, "required", "supports[0].id", "- {}"),
        ({"supports": "supports:\n  - # later"}, "required", "supports[0].id", "- # later"),
        (
            {"dependsOn": 'dependsOn:\n  open:\n    - version: "3"'},
            "required",
            "dependsOn.open[0].name",
            "version:",
        ),
        # who maintains
        (
            {"maintenance": "maintenance:\n  type: internal"},
            "required-for-type",
            "maintenance.contacts",
            "type: internal",
        ),
        (
            {"maintenance": "maintenance:\n  type: community"},
            "required-for-type",
            "maintenance.contacts",
            "type: community",
        ),
        (
            {"maintenance": "maintenance:\n  type: contract"},
            "required-for-type",
            "maintenance.contractors",
            "type: contract",
        ),
        (
            {"maintenance": "maintenance:\n  type: none\n  contractors:\n    - name: X"},
            "only-for-type",
            "maintenance.contractors",
            "contractors:",
        ),
        (
            {
                "maintenance": "maintenance:\n  type: contract\n  contractors:\n"
                "    - name: X\n      until: 31.12.2027"
            },
            "not-a-date",
            "maintenance.contractors[0].until",
            "until",
        ),
        (
            {"maintenance": "maintenance:\n  type: internal\n  contacts:\n    - email: a@b.de"},
            "required",
            "maintenance.contacts[0].name",
            "email",
        ),
        (
            {
                "maintenance": "maintenance:\n  type: internal\n  contacts:\n"
                "    - name: Amt\n      email: amt(at)example.org"
            },
            "not-an-email",
            "maintenance.contacts[0].email",
            "email",
        ),
        (
            {
                "maintenance": "maintenance:\n  type: contract\n  contractors:\n"
                '    - name: X\n      until: "2027-12-31"\n      website: www.example.org'
            },
            "not-a-web-address",
            "maintenance.contractors[0].website",
            "website",
        ),
        # closed lists
        (
            {"developmentStatus": "developmentStatus: done"},
            "not-one-of",
            "developmentStatus",
            "done",
        ),
        ({"softwareType": "softwareType: standalone"}, "not-one-of", "softwareType", "standalone"),
        ({"maintenance": "maintenance:\n  type: us"}, "not-one-of", "maintenance.type", "type: us"),
        (
            {"categories": "categories:\n  - backup\n  - termine"},
            "not-a-category",
            "categories[1]",
            "- termine",
        ),
        ({"categories": "categories: ['']"}, "not-a-category", "categories[0]", "categories"),
        (
            {"intendedAudience": "intendedAudience:\n  scope: [government, amt]"},
            "not-a-scope",
            "intendedAudience.scope[1]",
            "scope",
        ),
        (
            {"intendedAudience": "intendedAudience:\n  countries: [DE, XX]"},
            "not-a-country",
            "intendedAudience.countries[1]",
            "countries",
        ),
        (
            {"intendedAudience": "intendedAudience:\n  unsupportedCountries: [De]"},
            "not-a-country",
            "intendedAudience.unsupportedCountries[0]",
            "unsupportedCountries",
        ),
        (
            {"supports": "supports:\n  - id: alias:eIDAS"},
            "not-an-alias",
            "supports[0].id",
            "id: alias",
        ),
        ({"supports": "supports:\n  - id: ozg"}, "not-a-uri", "supports[0].id", "id: ozg"),
        (
            {"IT": 'IT:\n  countryExtensionVersion: "0.9"'},
            "not-one-of",
            "IT.countryExtensionVersion",
            "0.9",
        ),
        # well-formed values
        ({"url": "url: terminheft"}, "not-an-address", "url", "url:"),
        (
            {"landingURL": "landingURL: ftp://example.org"},
            "not-a-web-address",
            "landingURL",
            "landing",
        ),
        ({"landingURL": 'landingURL: ""'}, "not-a-web-address", "landingURL", "landing"),
        ({"roadmap": "roadmap: https:///x"}, "not-a-web-address", "roadmap", "roadmap"),
        ({"isBasedOn": "isBasedOn: basis"}, "not-an-address", "isBasedOn[0]", "isBasedOn"),
        (
            {"isBasedOn": "isBasedOn:\n  - https://git.example.org/a\n  - basis"},
            "not-an-address",
            "isBasedOn[1]",
            "- basis",
        ),
        ({"isBasedOn": "isBasedOn:\n  - ~"}, "required", "isBasedOn[0]", "- ~"),
        ({"releaseDate": "releaseDate: 2026-02-30"}, "not-a-date", "releaseDate", "releaseDate"),
        ({"releaseDate": 'releaseDate: ""'}, "not-a-date", "releaseDate", "releaseDate"),
        ({"releaseDate": "releaseDate: 20260228"}, "not-a-date", "releaseDate", "releaseDate"),
        ({"inputTypes": "inputTypes: [text]"}, "not-a-mime-type", "inputTypes[0]", "inputTypes"),
        ({"outputTypes": "outputTypes: [a/ b]"}, "not-a-mime-type", "outputTypes[0]", "outputT"),
        ({"legal": "legal:\n  license: GPL"}, "not-a-license", "legal.license", "license: GPL"),
        (
            {"organisation": "organisation:\n  uri: example.org"},
            "not-a-uri",
            "organisation.uri",
            "uri: ex",
        ),
        (
            {"organisation": 'organisation:\n  uri: "urn:x-italian-pa:"'},
            "not-an-ipa-code",
            "organisation.uri",
            "uri:",
        ),
        (
            {"localisation": "localisation:\n  localisationReady: true\n  availableLanguages: [d]"},
            "not-a-language",
            "localisation.availableLanguages[0]",
            "availableLanguages",
        ),
        ({"description": description("de_DE")}, "not-a-language", "description", "description"),
        (
            {"description": description(documentation="documentation: docs/")},
            "not-a-web-address",
            "description.de.documentation",
            "docs/",
        ),
        (
            {"description": description(apiDocumentation="apiDocumentation: docs/")},
            "not-a-web-address",
            "description.de.apiDocumentation",
            "docs/",
        ),
        (
            {"description": description(videos="videos: [https://example.org/film.mp4]")},
            "not-a-video",
            "description.de.videos[0]",
            "film",
        ),
        # lengths
        (
            {"description": description(shortDescription="shortDescription: " + "x" * 151)},
            "too-long",
            "description.de.shortDescription",
            "shortDescription",
        ),
        (
            {"description": description(genericName="genericName: " + "x" * 36)},
            "too-long",
            "description.de.genericName",
            "genericName",
        ),
        (
            {"description": description(longDescription="longDescription: " + "x" * 149)},
            "too-short",
            "description.de.longDescription",
            "longDescription",
        ),
        (
            {"description": description(longDescription="longDescription: " + "x" * 10_001)},
            "too-long",
            "description.de.longDescription",
            "longDescription",
        ),
        # files and addresses of files
        ({"logo": "logo: /img/logo.svg"}, "absolute-path", "logo", "logo:"),
        ({"logo": "logo: file:///img/logo.svg"}, "file-address", "logo", "logo:"),
        ({"monochromeLogo": "monochromeLogo: /l.svg"}, "absolute-path", "monochromeLogo", "/l.svg"),
        (
            {"legal": "legal:\n  license: MIT\n  authorsFile: /AUTHORS"},
            "absolute-path",
            "legal.authorsFile",
            "AUTHORS",
        ),
        (
            {"description": description("de-AT", screenshots="screenshots: [/a.png]")},
            "absolute-path",
            "description.de-AT.screenshots[0]",
            "a.png",
        ),
        # sections twice
        ({"it": "it: {}", "IT": "IT: {}"}, "it-twice", "it", "it: {}"),
    ],
)
def test_rule(blocks, code, key, marked):
    source = text(**blocks)
    result = read(source.encode())
    first = result.errors[0]
    line = line_of(source, marked) if marked else 0
    assert (first.code, first.key, first.line) == (code, key, line)


@pytest.mark.parametrize(
    "blocks",
    [
        {"name": "name: 42"},
        {"softwareVersion": "softwareVersion: 1.10"},
        {"url": "url: ssh://git@git.example.org/a.git"},
        {"isBasedOn": "isBasedOn: https://git.example.org/basis"},
        {"isBasedOn": "isBasedOn:"},
        {"releaseDate": "releaseDate: 2026-02-28"},
        {"releaseDate": "releaseDate: ~"},
        {"categories": "categories: []"},
        {"categories": "categories: [other, it-security]"},
        {"supports": "supports:\n  - id: alias:gdpr\n  - id: https://example.org/ozg"},
        {"supports": "supports:\n  - id: urn:isbn:3161484100"},
        {"organisation": "organisation:\n  uri: https://example.org\n  name: Amt"},
        {"organisation": "organisation:\n  uri: urn:x-italian-pa:c_f205"},
        {"legal": "legal:\n  license: eupl-1.2 OR (AGPL-3.0-or-later AND MIT)"},
        {"legal": "legal:\n  license: GPL-2.0-only WITH Classpath-exception-2.0"},
        {"legal": "legal:\n  license: LicenseRef-Hausrecht"},
        {"maintenance": "maintenance:\n  type: contract\n  contractors: []"},
        {
            "maintenance": "maintenance:\n  type: internal\n  contacts:\n    - name: Amt\n"
            "      phone: 030 1234\n      email: amt@example.org"
        },
        {
            "localisation": "localisation:\n  localisationReady: False\n"
            "  availableLanguages: [de, de-AT, zh-Hant, sr-Latn-RS, es-419, x-leicht]"
        },
        {"localisation": "localisation: {localisationReady: true, availableLanguages: [de]}"},
        {"description": description(shortDescription="shortDescription: " + "👩‍👩‍👧" * 150)},
        {"description": description(longDescription="longDescription: " + "ä" * 10_000)},
        {"description": description(videos="videos: [https://vimeo.com/1234]")},
        {"description": description(screenshots="screenshots: [img/a.png]")},
        {"logo": "logo: img/logo.png"},
        {"logo": "logo: https://example.org/logo.svg"},
        {"IT": "IT:\n  riuso:\n    codiceIPA: ''\n  piattaforme: {spid: false}"},
        {"dependsOn": "dependsOn:\n  open:\n    - name: PostgreSQL\n      versionMin: 16"},
    ],
)
def test_valid_without_findings(blocks):
    assert read(data(**blocks)).as_json() == []


@pytest.mark.parametrize(
    ("blocks", "code", "key"),
    [
        ({"publiccodeYmlVersion": 'publiccodeYmlVersion: "0.4"'}, "version-old", "publiccodeYml"),
        ({"monochromeLogo": "monochromeLogo: l.svg"}, "deprecated-use", "monochromeLogo"),
        ({"inputTypes": "inputTypes: [text/plain]"}, "deprecated", "inputTypes"),
        ({"outputTypes": "outputTypes: []"}, "deprecated", "outputTypes"),
        ({"legal": "legal:\n  license: MIT\n  repoOwner: A"}, "deprecated-use", "legal.repoOwner"),
        (
            {"legal": "legal:\n  license: MIT\n  authorsFile: A"},
            "deprecated",
            "legal.authorsFile",
        ),
        (
            {"description": description("de-AT", genericName="genericName: Kalender")},
            "deprecated",
            "description.de-AT.genericName",
        ),
        (
            {"intendedAudience": "intendedAudience:\n  countries: [DE, at]"},
            "country-lowercase",
            "intendedAudience.countries[1]",
        ),
        ({"it": "it: {}"}, "it-lowercase", "it"),
        ({"IT": "IT:\n  conforme:\n    gdpr: true"}, "deprecated", "IT.conforme"),
        ({"IT": "IT:\n  riuso:\n    codiceIPA: pcm"}, "deprecated-use", "IT.riuso.codiceIPA"),
        ({"url": 'url: "javascript:alert(1)"'}, "unsafe-scheme", "url"),
    ],
)
def test_warnings_leave_a_file_valid(blocks, code, key):
    result = read(data(**blocks))
    assert result.is_valid
    assert result.warnings[0].code == code
    assert result.warnings[0].key.startswith(key)


@pytest.mark.parametrize("version", ["0.7", "0.7.0", "0"])
def test_the_newest_version_gives_no_warning(version):
    assert read(data(publiccodeYmlVersion=f'publiccodeYmlVersion: "{version}"')).findings == ()


@pytest.mark.parametrize(
    ("block", "code", "line"),
    [
        (None, "version-missing", 0),
        ("publiccodeYmlVersion: 0.4", "version-not-text", 1),
        ("publiccodeYmlVersion:", "version-not-text", 1),
        ("publiccodeYmlVersion: !!str 0.4", "version-not-text", 1),
        ('publiccodeYmlVersion: "1"', "version-unsupported", 0),
        ('publiccodeYmlVersion: "0.6"', "version-unsupported", 0),
    ],
)
def test_a_wrong_version_is_the_only_finding_but_the_rest_is_read(block, code, line):
    result = read(data(publiccodeYmlVersion=block))
    assert [(f.code, f.key, f.line) for f in result.findings] == [
        (code, "publiccodeYmlVersion", line)
    ]
    assert result.findings[0].place.line == 1
    assert result.document.name == "Terminheft"


def test_a_version_without_dots_may_stand_without_quotes_when_it_is_text():
    assert read(data(publiccodeYmlVersion="publiccodeYmlVersion: 0.2.1")).is_valid


def test_every_error_of_a_file_is_reported():
    source = data(name=None, url="url: x", legal="legal: {}", extra="extra: 1")
    assert [code for code, _ in errors(source)] == [
        "unknown-key",
        "required",
        "not-an-address",
        "required",
    ]


def test_hooks_tell_what_only_the_world_knows():
    source = data(
        logo="logo: img/logo.png",
        landingURL="landingURL: https://example.org",
        organisation="organisation:\n  uri: urn:x-italian-pa:xyz",
        IT="IT:\n  riuso:\n    codiceIPA: xyz",
        description=description(documentation="documentation: https://example.org/doku"),
    )
    nothing = Hooks(
        is_known_ipa_code=lambda code: False,
        is_reachable=lambda address: "git" in address,
        has_file=lambda path: False,
    )
    assert [(f.code, f.key) for f in read(source, nothing).errors] == [
        ("no-such-file", "logo"),
        ("not-an-ipa-code", "IT.riuso.codiceIPA"),
        ("not-an-ipa-code", "organisation.uri"),
        ("not-reachable", "landingURL"),
        ("not-reachable", "description.de.documentation"),
    ]
    everything = Hooks(lambda code: True, lambda address: True, lambda path: True)
    assert read(source, everything).is_valid


@pytest.mark.parametrize("code", MESSAGES)
def test_every_message_is_there_in_both_languages(code):
    english, german = MESSAGES[code]
    assert english
    assert german.endswith((".", "?", ")", "}", '"0"', ": other"))
    assert english != german


def test_a_finding_says_in_german_what_to_write():
    finding = read(data(legal="legal:\n  license: Apache 2")).errors[0]
    assert finding.description_de.startswith("„Apache 2“ ist kein Lizenzausdruck nach SPDX.")
    assert "EUPL-1.2" in finding.description_de
