"""What decoded values must meet: first each key by its rules, then what spans several keys.

Both walk in the order of the reference parser, so that the first error is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from catalog.publiccode.addresses import has_unsafe_scheme, parse_address
from catalog.publiccode.decoding import BROKEN, Value
from catalog.publiccode.document import Document
from catalog.publiccode.languages import is_language
from catalog.publiccode.nodes import Path
from catalog.publiccode.rules import ITALIAN_PREFIX, country, quoted
from catalog.publiccode.schema import ByLanguage, Flag, Items, Key, Problem, Section, Text, keys_of
from catalog.publiccode.video_hosts import is_video_address

Values = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What only the outside world can tell; without a hook nothing is asked and all is well."""

    is_known_ipa_code: Callable[[str], bool] | None = None
    is_reachable: Callable[[str], bool] | None = None
    has_file: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    code: str
    path: Path
    parameters: dict[str, str] = field(default_factory=dict)
    is_warning: bool = False
    is_usable: bool = False
    # The place in the file, where `path` is what the reference parser calls it.
    actual_path: Path | None = None


def check_keys(values: Values) -> Iterator[Breach]:
    """Each key by its own rules."""
    yield from _check_section(Document, values, ())


def check_across(values: Values, hooks: Hooks) -> Iterator[Breach]:
    """What spans several keys, is deprecated, or needs the outside world."""
    yield from _check_paths(values, hooks)
    yield from _check_countries(values)
    yield from _check_legal(values, hooks)
    yield from _check_mime_types(values)
    yield from _check_descriptions(values, hooks)
    yield from _check_italian_section(values, hooks)
    yield from _check_schemes(values)
    yield from _check_reachable(values, hooks)


# --- each key by its rules ----------------------------------------------------------------


def _check_section(cls: type[Any], values: Values, path: Path) -> Iterator[Breach]:
    for key in keys_of(cls):
        value = values.get(key.name)
        if value is not BROKEN:
            yield from _check_key(key, value, values, (*path, key.name))


def _check_key(key: Key, value: Value, siblings: Values, path: Path) -> Iterator[Breach]:
    match key.shape:
        case Text() as shape:
            if key.is_required and not value:
                yield Breach("required", path)
            elif value is not None:
                yield from _check_text(shape, value, path)
        case Flag():
            if key.is_required and value is None:
                yield Breach("required", path)
        case Section():
            if key.is_required or value is not None:
                yield from _check_section(key.shape.of, value or {}, path)
        case Items():
            yield from _check_items(key, key.shape, value, siblings, path)
        case ByLanguage():
            yield from _check_by_language(key.shape, value or {}, path)


def _check_text(shape: Text, value: str, path: Path) -> Iterator[Breach]:
    for rule in shape.rules:
        if problem := rule(value):
            yield _breach(problem, path)
            return


def _check_items(
    key: Key, shape: Items, value: Value, siblings: Values, path: Path
) -> Iterator[Breach]:
    kind = siblings.get("type")
    if value is None and kind in key.required_for:
        yield Breach("required-for-type", path, {"type": kind})
        return
    if value is not None and key.only_for and kind is not BROKEN and kind not in key.only_for:
        yield Breach("only-for-type", path, {"types": ", ".join(key.only_for)}, is_usable=True)
        return
    if key.is_required and not value:
        yield Breach("required-list", path)
        return
    for index, item in enumerate(value or ()):
        item_path = (*path, index)
        if item is BROKEN:
            continue
        if isinstance(shape.of, Section):
            yield from _check_section(shape.of.of, item or {}, item_path)
        elif item is not None or not shape.of.is_address:
            yield from _check_text(shape.of, item or "", item_path)
        else:
            yield Breach("required", item_path)


def _check_by_language(shape: ByLanguage, value: Values, path: Path) -> Iterator[Breach]:
    if not value:
        yield Breach("required-languages", path)
        return
    wrong = [tag for tag in value if not is_language(tag)]
    if wrong:
        parameters = {"value": quoted(wrong[0])}
        yield Breach("not-a-language", path, parameters, actual_path=(*path, wrong[0]))
    for tag, section in value.items():
        if section is not BROKEN:
            yield from _check_section(shape.of, section or {}, (*path, tag))


def _breach(problem: Problem, path: Path) -> Breach:
    return Breach(problem.code, path, problem.parameters, is_usable=problem.is_usable)


# --- what spans several keys --------------------------------------------------------------


def _section(values: Values, key: str) -> Values:
    section = values.get(key)
    return section if isinstance(section, dict) else {}


def _texts(values: Values, key: str) -> Iterator[tuple[int, str]]:
    items = values.get(key)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, str):
            yield index, item


def _deprecated(path: Path, use: str = "", **parameters: str) -> Breach:
    code = "deprecated-use" if use else "deprecated"
    return Breach(code, path, {"use": use, **parameters}, is_warning=True, is_usable=True)


def _check_path(value: Value, path: Path, hooks: Hooks) -> Iterator[Breach]:
    """A file of the repository, given by its relative path, or an address."""
    if not isinstance(value, str) or not value:
        return
    if value.startswith("/"):
        yield Breach("absolute-path", path, {"value": quoted(value)})
    elif value.startswith("file:"):
        yield Breach("file-address", path, {"value": quoted(value)})
    elif hooks.has_file is not None and not _is_absolute(value) and not hooks.has_file(value):
        yield Breach("no-such-file", path, {"value": quoted(value)})


def _is_absolute(value: str) -> bool:
    address = parse_address(value)
    return address is not None and bool(address.scheme)


def _check_paths(values: Values, hooks: Hooks) -> Iterator[Breach]:
    yield from _check_path(values.get("logo"), ("logo",), hooks)
    if isinstance(values.get("monochromeLogo"), str) and values["monochromeLogo"]:
        yield _deprecated(("monochromeLogo",), "logo")
        yield from _check_path(values["monochromeLogo"], ("monochromeLogo",), hooks)


def _check_countries(values: Values) -> Iterator[Breach]:
    audience = _section(values, "intendedAudience")
    for key in ("countries", "unsupportedCountries"):
        for index, code in _texts(audience, key):
            if code and code == code.lower() and country(code) is None:
                path = ("intendedAudience", key, index)
                parameters = {"value": code, "use": code.upper()}
                yield Breach("country-lowercase", path, parameters, True, is_usable=True)


def _check_legal(values: Values, hooks: Hooks) -> Iterator[Breach]:
    legal = _section(values, "legal")
    if isinstance(legal.get("authorsFile"), str):
        path = ("legal", "authorsFile")
        yield _deprecated(path)
        yield from _check_path(legal["authorsFile"], path, hooks)
    if isinstance(legal.get("repoOwner"), str):
        yield _deprecated(("legal", "repoOwner"), "organisation.name")


def _check_mime_types(values: Values) -> Iterator[Breach]:
    for key in ("inputTypes", "outputTypes"):
        if isinstance(values.get(key), list):
            yield _deprecated((key,))


def _check_descriptions(values: Values, hooks: Hooks) -> Iterator[Breach]:
    for tag, description in _section(values, "description").items():
        if not isinstance(description, dict):
            continue
        path = ("description", tag)
        if isinstance(description.get("genericName"), str) and description["genericName"]:
            yield _deprecated((*path, "genericName"))
        for index, screenshot in _texts(description, "screenshots"):
            yield from _check_path(screenshot, (*path, "screenshots", index), hooks)
        for index, video in _texts(description, "videos"):
            if not is_video_address(video):
                parameters = {"value": quoted(video)}
                yield Breach("not-a-video", (*path, "videos", index), parameters)


def _check_italian_section(values: Values, hooks: Hooks) -> Iterator[Breach]:
    lower, upper = values.get("it"), values.get("IT")
    if isinstance(lower, dict):
        yield Breach("it-lowercase", ("it",), is_warning=True, is_usable=True)
        if isinstance(upper, dict):
            yield Breach("it-twice", ("it",), is_usable=True)
    name, section = ("IT", upper) if isinstance(upper, dict) else ("it", lower)
    if isinstance(section, dict):
        yield from _check_deprecated_italian(name, section, hooks)
    yield from _check_ipa_codes(values, hooks)


def _check_deprecated_italian(name: str, section: Values, hooks: Hooks) -> Iterator[Breach]:
    # The reference parser speaks of IT even where the file has `it`.
    if isinstance(section.get("conforme"), dict):
        yield Breach(
            "deprecated",
            ("IT", "conforme"),
            {"use": ""},
            True,
            True,
            actual_path=(name, "conforme"),
        )
    code = _section(section, "riuso").get("codiceIPA")
    if not isinstance(code, str) or not code:
        return
    path: Path = (name, "riuso", "codiceIPA")
    if hooks.is_known_ipa_code is not None and not hooks.is_known_ipa_code(code):
        yield Breach("not-an-ipa-code", path, {"value": quoted(code)})
        return
    parameters = {"use": f"organisation.uri: {ITALIAN_PREFIX}{quoted(code)}"}
    yield Breach(
        "deprecated-use", ("IT", "riuso", "codiceIPA"), parameters, True, True, actual_path=path
    )


def _check_ipa_codes(values: Values, hooks: Hooks) -> Iterator[Breach]:
    if hooks.is_known_ipa_code is None:
        return
    organisations: list[tuple[Path, Value]] = [(("organisation",), values.get("organisation"))]
    funders = values.get("fundedBy")
    for index, funder in enumerate(funders if isinstance(funders, list) else ()):
        organisations.append((("fundedBy", index), funder))
    for path, organisation in organisations:
        uri = organisation.get("uri") if isinstance(organisation, dict) else None
        if isinstance(uri, str) and uri.lower().startswith(ITALIAN_PREFIX):
            code = uri[len(ITALIAN_PREFIX) :]
            if not hooks.is_known_ipa_code(code):
                yield Breach("not-an-ipa-code", (*path, "uri"), {"value": quoted(code)})


def _check_schemes(values: Values) -> Iterator[Breach]:
    """The standard lets `javascript:` pass as a URL; no page may ever link to it."""
    addresses: list[tuple[Path, Value]] = [((key,), values.get(key)) for key in ("url", "logo")]
    addresses += [(("isBasedOn", index), base) for index, base in _texts(values, "isBasedOn")]
    for tag, description in _section(values, "description").items():
        if isinstance(description, dict):
            path: Path = ("description", tag, "screenshots")
            addresses += [
                ((*path, index), item) for index, item in _texts(description, "screenshots")
            ]
    for path, value in addresses:
        if isinstance(value, str) and has_unsafe_scheme(value) and not value.startswith("file:"):
            yield Breach("unsafe-scheme", path, {"value": quoted(value)}, is_warning=True)


def _check_reachable(values: Values, hooks: Hooks) -> Iterator[Breach]:
    if hooks.is_reachable is None:
        return
    for key in ("url", "landingURL", "roadmap"):
        value = values.get(key)
        if isinstance(value, str) and value and not hooks.is_reachable(value):
            yield Breach("not-reachable", (key,), {"value": quoted(value)}, is_usable=True)
    for tag, description in _section(values, "description").items():
        if not isinstance(description, dict):
            continue
        for key in ("documentation", "apiDocumentation"):
            value = description.get(key)
            if isinstance(value, str) and value and not hooks.is_reachable(value):
                yield Breach(
                    "not-reachable",
                    ("description", tag, key),
                    {"value": quoted(value)},
                    is_usable=True,
                )
