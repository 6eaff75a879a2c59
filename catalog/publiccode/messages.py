"""Every finding in English and German: what is wrong and what to write instead.

The library knows no Django, so the texts are here and not in a gettext catalogue. `{key}` is
the last part of the key; the other parameters come with the finding. The English texts are
those of `validate_publiccode`, the German ones those of the portal's pages.
"""

from collections.abc import Mapping

MESSAGES: Mapping[str, tuple[str, str]] = {
    # The file as a whole
    "too-large": (
        "the file is larger than {limit} KiB; shorten it, a publiccode.yml has a few KiB",
        "Die Datei ist größer als {limit} KiB. Kürzen Sie sie; "
        "üblich sind für eine publiccode.yml wenige KiB.",
    ),
    "not-utf8": (
        "invalid UTF-8 in line {line}; save the file in the encoding UTF-8",
        "Zeile {line} ist nicht in UTF-8 kodiert. Speichern Sie die Datei in der Kodierung UTF-8.",
    ),
    "utf-16": (
        "the file is saved in UTF-16; save it in the encoding UTF-8",
        "Die Datei ist in UTF-16 gespeichert. Speichern Sie sie in der Kodierung UTF-8.",
    ),
    "not-a-text": (
        "the file is no text; choose the publiccode.yml in the root of the repository",
        "Das ist keine Textdatei. Wählen Sie die publiccode.yml aus der Wurzel des Repositorys.",
    ),
    "control-character": (
        "the character {value} is not allowed in YAML; remove it and save the file in UTF-8",
        "Das Zeichen {value} ist in YAML nicht erlaubt. Entfernen Sie es und speichern Sie die "
        "Datei in der Kodierung UTF-8.",
    ),
    "too-deep": (
        "more than {limit} levels inside each other; the standard needs no more than six",
        "Mehr als {limit} Ebenen sind ineinander verschachtelt. "
        "Der Standard braucht höchstens sechs.",
    ),
    "too-many-values": (
        "more than {limit} values, counting what aliases repeat; remove aliases and repetitions",
        "Die Datei hat mehr als {limit} Werte, Wiederholungen durch Verweise (*) mitgezählt. "
        "Entfernen Sie Verweise und Wiederholungen.",
    ),
    "alias-recursive": (
        "the alias *{name} contains itself; write the value out",
        "Der Verweis *{name} enthält sich selbst. Schreiben Sie den Wert aus.",
    ),
    "alias-unknown": (
        "no anchor &{name} before this alias; write the value out",
        "Vor dem Verweis *{name} fehlt der Anker &{name}. Schreiben Sie den Wert aus.",
    ),
    "yaml-syntax": (
        "invalid YAML: {problem}; check indentation, quotes and colons of this line and the "
        "one before",
        "Das ist kein gültiges YAML ({problem}). Prüfen Sie Einrückung, Anführungszeichen und "
        "Doppelpunkte in dieser Zeile und in der davor.",
    ),
    "yaml-unreadable": (
        "the file cannot be read as YAML; check what follows a backslash, and lines that begin "
        "with % or hold a !",
        "Die Datei lässt sich nicht als YAML lesen. Prüfen Sie, was nach einem umgekehrten "
        "Schrägstrich steht, und Zeilen, die mit % beginnen oder ein ! enthalten.",
    ),
    "yaml-colon": (
        "invalid YAML: {problem}; put a value that holds ': ' in quotes, and let the keys of a "
        "section begin in the same column",
        "Hier ist kein Doppelpunkt möglich. Setzen Sie einen Wert, der „: “ enthält, in "
        "Anführungszeichen. Schlüssel eines Abschnitts beginnen in derselben Spalte.",
    ),
    "yaml-dash": (
        "invalid YAML: {problem}; begin the list in a line of its own below its key",
        "Hier ist keine Liste möglich. Beginnen Sie die Liste in einer eigenen Zeile "
        "unter ihrem Schlüssel.",
    ),
    "yaml-tab": (
        "invalid YAML: {problem}; indent with spaces, not with tabs",
        "Hier steht ein Tabulator. Rücken Sie mit Leerzeichen ein.",
    ),
    "yaml-character": (
        "invalid YAML: {problem}; put the value in quotes",
        "Ein Wert darf nicht mit diesem Zeichen beginnen. Setzen Sie ihn in Anführungszeichen.",
    ),
    "yaml-no-colon": (
        "invalid YAML: {problem}; write 'key: value', or indent the line as part of the text above",
        "Hier fehlt ein Doppelpunkt. Schreiben Sie „schlüssel: Wert“, oder rücken Sie die Zeile "
        "ein, wenn sie zum Text darüber gehört.",
    ),
    "yaml-open-quote": (
        "invalid YAML: {problem}; close the quotes",
        "Ein Anführungszeichen wird geöffnet und nicht geschlossen. Ergänzen Sie das zweite.",
    ),
    "yaml-escape": (
        "invalid YAML: {problem}; write \\\\ for a backslash or put the value in single quotes",
        "Nach dem umgekehrten Schrägstrich steht ein unbekanntes Zeichen. Schreiben Sie "
        "\\\\ oder setzen Sie den Wert in einfache Anführungszeichen.",
    ),
    "yaml-open-bracket": (
        "invalid YAML: {problem}; close the bracket and put commas between the values",
        "Eine Klammer wird nicht geschlossen, oder ein Komma fehlt. Schließen Sie die Klammer "
        "und trennen Sie die Werte mit Kommas.",
    ),
    "yaml-indentation": (
        "invalid YAML: {problem}; let the keys of a section, and the dashes of a list, begin in "
        "the same column",
        "Die Einrückung passt nicht zu den Zeilen davor. Lassen Sie die Schlüssel eines "
        "Abschnitts und die Striche einer Liste in derselben Spalte beginnen.",
    ),
    "key-not-text": (
        "a key must be plain text, not a list or mapping",
        "Ein Schlüssel muss einfacher Text sein, keine Liste und kein Abschnitt.",
    ),
    "duplicate-key": (
        'the key "{name}" is there twice; remove one of them',
        "Der Schlüssel „{name}“ steht zweimal da. Entfernen Sie einen davon.",
    ),
    "several-documents": (
        "multiple YAML documents in one file; remove the line '---' between them",
        "Die Datei enthält mehrere YAML-Dokumente. Entfernen Sie die Trennzeile „---“.",
    ),
    # The version
    "version-missing": (
        'publiccodeYmlVersion is a required field; begin the file with publiccodeYmlVersion: "0"',
        'Die Version fehlt. Beginnen Sie die Datei mit: publiccodeYmlVersion: "0"',
    ),
    "version-not-text": (
        'wrong type: the version must be text; write it in quotes: publiccodeYmlVersion: "0"',
        "Die Version muss Text sein. Schreiben Sie sie in Anführungszeichen: "
        'publiccodeYmlVersion: "0"',
    ),
    "version-unsupported": (
        "unsupported version '{value}'; write \"0\" (supported: {values})",
        "Die Version „{value}“ gibt es nicht oder sie ist zu alt. "
        'Schreiben Sie "0" (möglich sind: {values}).',
    ),
    "version-old": (
        "v{value} is not the latest version, the file is checked as v{latest}; write '0'",
        '{value} ist nicht die neueste Version; geprüft wird nach {latest}. Schreiben Sie: "0"',
    ),
    # Types and keys
    "wrong-type-text": (
        "wrong type: {key} must be text, not a {found}",
        "{key} muss ein einzelner Text sein. Schreiben Sie ihn hinter den Doppelpunkt, "
        "ohne Aufzählung und ohne Unterpunkte.",
    ),
    "wrong-type-flag": (
        "wrong type: {key} must be true or false",
        "{key} muss true oder false sein, ohne Anführungszeichen. "
        "ja, nein, yes, no, on und off gelten nicht.",
    ),
    "wrong-type-list": (
        "wrong type: {key} must be a list; write each value in a line of its own after '- '",
        "{key} muss eine Liste sein. Schreiben Sie jeden Wert in eine eigene Zeile, "
        "beginnend mit „- “.",
    ),
    "wrong-type-text-or-list": (
        "wrong type: {key} must be a URL or a list of URLs",
        "{key} muss eine Adresse oder eine Liste von Adressen sein.",
    ),
    "wrong-type-mapping": (
        "wrong type: {key} must be a section with keys of its own, not a {found}",
        "{key} muss ein Abschnitt mit eigenen Schlüsseln sein. "
        "Rücken Sie darunter Zeilen der Form „schlüssel: Wert“ ein.",
    ),
    "unknown-key": (
        'unknown field "{name}"; remove it, the standard has no such key here',
        "Den Schlüssel „{name}“ kennt der Standard an dieser Stelle nicht. Entfernen Sie ihn.",
    ),
    "unknown-key-meant": (
        'unknown field "{name}"; did you mean "{meant}"?',
        "Den Schlüssel „{name}“ kennt der Standard an dieser Stelle nicht. Meinten Sie „{meant}“?",
    ),
    # What must be there
    "required": (
        "{key} is a required field",
        "{key} fehlt oder ist leer. Die Angabe ist Pflicht; bitte ergänzen Sie sie.",
    ),
    "required-list": (
        "{key} must contain more than 0 items",
        "{key} fehlt oder ist leer. Nennen Sie mindestens einen Wert als Liste.",
    ),
    "required-languages": (
        "{key} must contain more than 0 items: a section for each language, such as 'de'",
        "{key} fehlt. Beschreiben Sie die Software in mindestens einer Sprache, "
        "zum Beispiel im Unterabschnitt „de“.",
    ),
    "required-for-type": (
        '{key} is a required field when "type" is "{type}"',
        "{key} ist Pflicht, wenn type „{type}“ ist. Ergänzen Sie mindestens einen Eintrag.",
    ),
    "only-for-type": (
        '{key} must not be present unless "type" is "{types}"',
        "{key} ist nur erlaubt, wenn type „{types}“ ist. Entfernen Sie {key} oder ändern Sie type.",
    ),
    # Single values
    "too-long": (
        "{key} must be a maximum of {limit} characters in length, it has {length}",
        "{key} darf höchstens {limit} Zeichen haben, es sind {length}. Kürzen Sie den Text.",
    ),
    "too-short": (
        "{key} must be at least {limit} characters in length, it has {length}; the parser asks "
        "this of every language present",
        "{key} muss mindestens {limit} Zeichen haben, es sind {length}. Das gilt für jede "
        "Sprache; ergänzen Sie den Text oder entfernen Sie die Sprache.",
    ),
    "not-one-of": (
        '{key} must be one of the following: {values}; not "{value}"',
        "„{value}“ ist für {key} nicht möglich. Schreiben Sie einen dieser Werte: {values}.",
    ),
    "not-an-address": (
        '{key} must be a valid URL, not "{value}"; write it whole, with https://',
        "„{value}“ ist keine gültige Adresse. Schreiben Sie sie vollständig, mit https://.",
    ),
    "not-a-web-address": (
        '{key} must be an HTTP URL, not "{value}"; write it whole, with https://',
        "„{value}“ ist keine Web-Adresse. Schreiben Sie sie vollständig, mit https://.",
    ),
    "not-a-uri": (
        '{key} is not a valid URI: "{value}"; write a URL with https:// or a URN',
        "„{value}“ ist keine gültige Kennung. "
        "Schreiben Sie eine Adresse mit https:// oder eine URN.",
    ),
    "not-an-alias": (
        'unknown alias "{value}"; write one of {values}, in lowercase, or a URL',
        "„{value}“ ist keine bekannte Abkürzung. Schreiben Sie eine von diesen, klein: {values}; "
        "oder die Adresse der Vorschrift.",
    ),
    "not-an-ipa-code": (
        '{key} must be a valid Italian Public Administration Code (iPA), not "{value}"',
        "„{value}“ ist keine Kennung aus dem italienischen Verzeichnis iPA. "
        "Außerhalb Italiens schreiben Sie die Web-Adresse der Organisation.",
    ),
    "not-an-email": (
        '{key} must be a valid email address, not "{value}"; write name@example.org',
        "„{value}“ ist keine E-Mail-Adresse. Schreiben Sie sie in der Form name@beispiel.de.",
    ),
    "not-a-date": (
        "{key} must be a date with format 'YYYY-MM-DD', not \"{value}\"",
        "„{value}“ ist kein Datum in der Form JJJJ-MM-TT. Schreiben Sie zum Beispiel 2026-05-31.",
    ),
    "not-a-mime-type": (
        '{key} is not a valid MIME type: "{value}"; the key is deprecated, remove it',
        "„{value}“ ist kein MIME-Typ wie text/plain. Der Schlüssel ist veraltet; entfernen Sie ihn.",
    ),
    "not-a-category": (
        '{key} must be a valid category, not "{value}" '
        "(see https://yml.publiccode.tools/categories-list.html)",
        "„{value}“ ist keine Kategorie des Standards. Wählen Sie eine aus der Liste "
        "https://yml.publiccode.tools/categories-list.html oder schreiben Sie: other",
    ),
    "not-a-scope": (
        '{key} must be a valid scope, not "{value}" '
        "(see https://yml.publiccode.tools/scope-list.html)",
        "„{value}“ ist kein Einsatzbereich des Standards. Wählen Sie einen aus der Liste "
        "https://yml.publiccode.tools/scope-list.html.",
    ),
    "not-a-country": (
        '{key} must be a valid ISO 3166-1 alpha-2 two-letter country code, not "{value}"',
        "„{value}“ ist kein Ländercode nach ISO 3166-1. "
        "Schreiben Sie zwei große Buchstaben, zum Beispiel DE.",
    ),
    "not-a-language": (
        '{key} must be a valid BCP 47 language, not "{value}"; write "de" or "de-AT", with a hyphen',
        "„{value}“ ist kein Sprachcode nach BCP 47. "
        "Schreiben Sie zum Beispiel de oder de-AT, mit Bindestrich.",
    ),
    "not-a-license": (
        '{key} must be a valid license, not "{value}": an SPDX expression such as EUPL-1.2 '
        "(see https://spdx.org/licenses)",
        "„{value}“ ist kein Lizenzausdruck nach SPDX. Schreiben Sie die Kennung aus "
        "https://spdx.org/licenses, zum Beispiel EUPL-1.2; mehrere verbinden Sie mit OR oder AND.",
    ),
    "not-a-video": (
        "'{value}' is not a valid video URL supporting oEmbed; link a platform such as "
        "https://vimeo.com/… or https://www.youtube.com/watch?v=…, or move it to documentation",
        "„{value}“ gehört zu keiner Video-Plattform mit oEmbed. Schreiben Sie zum Beispiel "
        "https://vimeo.com/… oder https://www.youtube.com/watch?v=…, oder nennen Sie die Adresse "
        "unter documentation.",
    ),
    "absolute-path": (
        "is an absolute path: only relative paths or HTTP(s) URLs allowed; remove the leading /",
        "„{value}“ ist ein absoluter Pfad. Schreiben Sie ihn ab der Wurzel des Repositorys, "
        "ohne „/“ am Anfang, oder eine Adresse mit https://.",
    ),
    "file-address": (
        "is a file:// URL: only relative paths or HTTP(s) URLs allowed",
        "„{value}“ verweist auf einen Rechner. Schreiben Sie den Pfad ab der Wurzel des "
        "Repositorys oder eine Adresse mit https://.",
    ),
    # What hooks find
    "no-such-file": (
        "'{value}' does not exist in the repository",
        "Die Datei „{value}“ gibt es im Repository nicht. Prüfen Sie den Pfad.",
    ),
    "not-reachable": (
        "'{value}' is not reachable",
        "„{value}“ ist nicht erreichbar. Prüfen Sie die Adresse.",
    ),
    # What the standard's text asks for and its parser does not
    "note-funder-name": (
        "the standard asks for the name of the organisation, the reference parser does not; add it",
        "Der Standard verlangt den Namen der Organisation (name), die Referenzprüfung nicht. "
        "Ergänzen Sie ihn.",
    ),
    "note-country-section": (
        "the standard has deprecated the sections for countries, the reference parser says nothing "
        "yet; move what you still need to the other keys",
        "Der Standard hat die Abschnitte für Länder abgekündigt, die Referenzprüfung meldet es noch "
        "nicht. Verwenden Sie die übrigen Schlüssel.",
    ),
    "note-invisible": (
        "the line has the invisible character {value}, which can hide what the text says; remove it",
        "Die Zeile enthält das unsichtbare Zeichen {value}. Es kann verbergen, was im Text steht. "
        "Entfernen Sie es.",
    ),
    # Warnings
    "deprecated": (
        "this key is DEPRECATED and will be removed in the future; it's safe to drop it",
        "{key} ist veraltet und entfällt künftig. Entfernen Sie den Schlüssel.",
    ),
    "deprecated-use": (
        "this key is DEPRECATED and will be removed in the future; use {use} instead",
        "{key} ist veraltet und entfällt künftig. Schreiben Sie stattdessen {use}.",
    ),
    "country-lowercase": (
        "lowercase country codes are DEPRECATED; use uppercase instead ('{use}')",
        "Ländercodes in Kleinbuchstaben sind veraltet. Schreiben Sie: {use}",
    ),
    "it-lowercase": (
        "lowercase country codes are DEPRECATED and will be removed in the future; use 'IT' instead",
        "Der Abschnitt „it“ ist veraltet. Nennen Sie ihn „IT“ oder entfernen Sie ihn.",
    ),
    "it-twice": (
        "'IT' key already present; remove this key",
        "Der Abschnitt „IT“ ist schon da. Entfernen Sie den Abschnitt „it“.",
    ),
    "unsafe-scheme": (
        "'{value}' is no address that could be fetched; it is left out",
        "„{value}“ lässt sich nicht abrufen und wird nicht übernommen. "
        "Schreiben Sie eine Adresse mit https://.",
    ),
}


def describe(code: str, key: str, parameters: Mapping[str, str]) -> tuple[str, str]:
    """The finding's text in English and German."""
    english, german = MESSAGES[code]
    last = key.rpartition(".")[2] or "publiccode.yml"
    values = {**parameters, "key": last}
    return english.format_map(values), german.format_map(values)
