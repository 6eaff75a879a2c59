"""publiccode.yml 0.7 as typed, frozen dataclasses.

The fields carry the rules of the standard (see `schema`) and stand in the order in which the
reference parser checks them. A required text that is missing is "", an optional one None, a
missing list (). What the reader took from an invalid file is as far as usable: a value that
breaks its rule is missing, only lengths are not cut.
"""

# ruff: noqa: RUF009  # the helpers return dataclasses.field(), with a factory where it needs one

from collections.abc import Mapping
from dataclasses import dataclass, replace

from catalog.publiccode import vocabulary
from catalog.publiccode.rules import (
    ITALIAN_PREFIX,
    address,
    at_least,
    at_most,
    calendar_date,
    category,
    country,
    email,
    italian_code,
    language,
    license_expression,
    mime_type,
    one_of,
    organisation_uri,
    scope,
    support_id,
    web_address,
)
from catalog.publiccode.schema import by_language, flag, one_or_more, section, sections, text, texts


@dataclass(frozen=True, kw_only=True, slots=True)
class Organisation:
    name: str | None = text("name")
    uri: str = text("uri", organisation_uri, required=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Support:
    id: str = text("id", support_id, required=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class IntendedAudience:
    scope: tuple[str, ...] = texts("scope", scope)
    countries: tuple[str, ...] = texts("countries", country)
    unsupported_countries: tuple[str, ...] = texts("unsupportedCountries", country)


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    localised_name: str | None = text("localisedName")
    generic_name: str | None = text("genericName", at_most(35))
    short_description: str = text("shortDescription", at_most(150), required=True)
    long_description: str = text("longDescription", at_least(150), at_most(10_000), required=True)
    documentation: str | None = text("documentation", web_address, address=True)
    api_documentation: str | None = text("apiDocumentation", web_address, address=True)
    features: tuple[str, ...] = texts("features", required=True)
    screenshots: tuple[str, ...] = texts("screenshots")
    videos: tuple[str, ...] = texts("videos", web_address, address=True)
    awards: tuple[str, ...] = texts("awards")


@dataclass(frozen=True, kw_only=True, slots=True)
class Legal:
    license: str = text("license", license_expression, required=True)
    main_copyright_owner: str | None = text("mainCopyrightOwner")
    repo_owner: str | None = text("repoOwner")
    authors_file: str | None = text("authorsFile")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contractor:
    name: str = text("name", required=True)
    email: str | None = text("email", email)
    website: str | None = text("website", web_address, address=True)
    until: str = text("until", calendar_date, required=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    name: str = text("name", required=True)
    email: str | None = text("email", email)
    affiliation: str | None = text("affiliation")
    phone: str | None = text("phone")


@dataclass(frozen=True, kw_only=True, slots=True)
class Maintenance:
    type: str = text("type", one_of(vocabulary.MAINTENANCE_TYPES), required=True)
    contractors: tuple[Contractor, ...] = sections(
        "contractors", Contractor, required_for=("contract",), only_for=("contract",)
    )
    contacts: tuple[Contact, ...] = sections(
        "contacts", Contact, required_for=("community", "internal")
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Localisation:
    localisation_ready: bool | None = flag("localisationReady", required=True)
    available_languages: tuple[str, ...] = texts("availableLanguages", language, required=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    name: str = text("name", required=True)
    version_min: str | None = text("versionMin")
    version_max: str | None = text("versionMax")
    optional: bool | None = flag("optional")
    version: str | None = text("version")


@dataclass(frozen=True, kw_only=True, slots=True)
class DependsOn:
    open: tuple[Dependency, ...] = sections("open", Dependency)
    proprietary: tuple[Dependency, ...] = sections("proprietary", Dependency)
    hardware: tuple[Dependency, ...] = sections("hardware", Dependency)


@dataclass(frozen=True, kw_only=True, slots=True)
class ItalianConformity:
    linee_guida_design: bool | None = flag("lineeGuidaDesign")
    modello_interoperabilita: bool | None = flag("modelloInteroperabilita")
    misure_minime_sicurezza: bool | None = flag("misureMinimeSicurezza")
    gdpr: bool | None = flag("gdpr")


@dataclass(frozen=True, kw_only=True, slots=True)
class ItalianReuse:
    codice_ipa: str | None = text("codiceIPA", italian_code)


@dataclass(frozen=True, kw_only=True, slots=True)
class ItalianPlatforms:
    spid: bool | None = flag("spid")
    pagopa: bool | None = flag("pagopa")
    cie: bool | None = flag("cie")
    anpr: bool | None = flag("anpr")
    io: bool | None = flag("io")


@dataclass(frozen=True, kw_only=True, slots=True)
class ItalianSection:
    """The only country section the standard knows, deprecated as a whole since 0.7."""

    country_extension_version: str | None = text(
        "countryExtensionVersion", one_of(vocabulary.IT_EXTENSION_VERSIONS)
    )
    conforme: ItalianConformity | None = section("conforme", ItalianConformity)
    riuso: ItalianReuse | None = section("riuso", ItalianReuse)
    piattaforme: ItalianPlatforms | None = section("piattaforme", ItalianPlatforms)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A whole file. The reader puts the section `it`, deprecated as a spelling, into `it` too."""

    publiccode_yml_version: str = text("publiccodeYmlVersion", required=True)
    name: str = text("name", required=True)
    application_suite: str | None = text("applicationSuite")
    url: str = text("url", address, required=True, address=True)
    landing_url: str | None = text("landingURL", web_address, address=True)
    is_based_on: tuple[str, ...] = one_or_more("isBasedOn", address)
    software_version: str | None = text("softwareVersion")
    release_date: str | None = text("releaseDate", calendar_date)
    logo: str | None = text("logo")
    monochrome_logo: str | None = text("monochromeLogo")
    organisation: Organisation | None = section("organisation", Organisation)
    input_types: tuple[str, ...] = texts("inputTypes", mime_type)
    output_types: tuple[str, ...] = texts("outputTypes", mime_type)
    platforms: tuple[str, ...] = texts("platforms", required=True)
    categories: tuple[str, ...] = texts("categories", category)
    used_by: tuple[str, ...] = texts("usedBy")
    funded_by: tuple[Organisation, ...] = sections("fundedBy", Organisation)
    roadmap: str | None = text("roadmap", web_address, address=True)
    development_status: str = text(
        "developmentStatus", one_of(vocabulary.DEVELOPMENT_STATUSES), required=True
    )
    software_type: str = text("softwareType", one_of(vocabulary.SOFTWARE_TYPES), required=True)
    supports: tuple[Support, ...] = sections("supports", Support)
    intended_audience: IntendedAudience | None = section("intendedAudience", IntendedAudience)
    description: Mapping[str, Description] = by_language("description", Description)
    legal: Legal = section("legal", Legal, required=True)
    maintenance: Maintenance = section("maintenance", Maintenance, required=True)
    localisation: Localisation = section("localisation", Localisation, required=True)
    depends_on: DependsOn | None = section("dependsOn", DependsOn)
    it: ItalianSection | None = section("IT", ItalianSection)
    # Only for the reader's checks; always None in a document it gives out.
    it_lowercase: ItalianSection | None = section("it", ItalianSection)


def modernised(document: Document) -> Document:
    """The document without deprecated keys, what they say moved to the keys that replace them.

    The code of an Italian administration becomes `organisation.uri`, `legal.repoOwner` its name
    and `monochromeLogo` the logo when there is none; country codes are made uppercase.
    """
    audience = document.intended_audience
    return replace(
        document,
        publiccode_yml_version=vocabulary.WRITTEN_VERSION,
        logo=document.logo or document.monochrome_logo,
        monochrome_logo=None,
        organisation=document.organisation or _organisation_of_italian_section(document),
        input_types=(),
        output_types=(),
        intended_audience=audience
        and replace(
            audience,
            countries=tuple(code.upper() for code in audience.countries),
            unsupported_countries=tuple(code.upper() for code in audience.unsupported_countries),
        ),
        description={
            tag: replace(description, generic_name=None)
            for tag, description in document.description.items()
        },
        legal=replace(document.legal, repo_owner=None, authors_file=None),
        it=None,
    )


def _organisation_of_italian_section(document: Document) -> Organisation | None:
    section = document.it
    if section is None or section.riuso is None or not section.riuso.codice_ipa:
        return None
    uri = ITALIAN_PREFIX + section.riuso.codice_ipa
    return Organisation(uri=uri, name=document.legal.repo_owner)
