"""What the rows of a comparison say. A source takes all solutions and gives its rows, with at most one query.

To add rows: write a source and name it in ``SOURCES``. A source is asked once, however many solutions there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from catalog import assessments, badges, presentation, reports, statements
from catalog.assessments import AssessmentSummary
from catalog.badges import ShownBadge
from catalog.enums import StatementTopic
from catalog.models import Solution
from catalog.notices import notices_of
from catalog.presentation import Dependency, Entry
from catalog.statements import StatementRow
from catalog.support_list import Supporter, supporters_of_each
from osk_portal.templatetags.osk import berlin_date
from osk_portal.toolkit.clock import BERLIN

if TYPE_CHECKING:
    from typing import TypeAlias

Kind = Literal["", "yes", "partly", "no", "unknown"]


@dataclass(frozen=True)
class Piece:
    """One of the values in a cell; ``badge`` is a state in words, as ``{% badge %}`` takes its kind.

    ``url``: a page of the portal that says more. ``detail``: where it comes from, which makes no difference.
    """

    text: str
    badge: str = ""
    url: str = ""
    detail: str = ""

    @property
    def whole(self) -> str:
        return f"{self.text} ({self.detail})" if self.detail else self.text


@dataclass(frozen=True)
class Cell:
    pieces: tuple[Piece, ...] = ()
    kind: Kind = ""
    language: str = ""

    @property
    def is_unknown(self) -> bool:
        return self.kind == "unknown"

    @property
    def text(self) -> str:
        """All in one line, for a table without badges."""
        if self.is_unknown and not self.pieces:
            return pgettext("comparison", "not stated")
        return "; ".join(piece.whole for piece in self.pieces)

    @property
    def value(self) -> tuple[str, tuple[str, ...]]:
        """What two cells are compared by: the order of values says nothing."""
        return self.kind, tuple(sorted(piece.text for piece in self.pieces))


@dataclass(frozen=True)
class Row:
    """``badge``, ``note``: of a reader's own row only."""

    label: str
    cells: tuple[Cell, ...]
    badge: str = ""
    badge_text: str = ""
    note: str = ""

    @property
    def differs(self) -> bool:
        return len({cell.value for cell in self.cells}) > 1

    @property
    def is_partly_open(self) -> bool:
        """What is known does not differ, but of some solution nothing is."""
        return self.differs and len({c.value for c in self.cells if not c.is_unknown}) == 1


@dataclass(frozen=True)
class Group:
    label: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Subject:
    """A compared solution, read once. Of ``Solution.objects.for_comparison()``."""

    solution: Solution
    entry: Entry
    berlin_count: int
    elsewhere_count: int
    has_test: bool
    statements: list[StatementRow]
    assessment: AssessmentSummary | None
    badges: list[ShownBadge]


Source: TypeAlias = "Callable[[Sequence[Subject]], Iterable[Group]]"
UNKNOWN: Final = Cell(kind="unknown")


def known(*texts: object, kind: Kind = "", badge: str = "", language: str = "") -> Cell:
    """A cell of these texts; unknown where all are empty."""
    pieces = tuple(Piece(str(text), badge) for text in texts if text)
    return Cell(pieces, kind, language) if pieces else UNKNOWN


def row(label: str, subjects: Sequence[Subject], cell: Callable[[Subject], Cell]) -> Row:
    return Row(label, tuple(cell(subject) for subject in subjects))


def what_it_is(subjects: Sequence[Subject]) -> Iterator[Group]:
    def made(label: str, cell: Callable[[Subject], Cell]) -> Row:
        return row(label, subjects, cell)

    yield Group(
        _("Purpose"),
        (
            made(_("Short description"), lambda s: known(s.entry.short, language=s.entry.language)),
            made(_("Areas of use"), lambda s: known(*s.entry.categories)),
            made(_("Made for"), lambda s: known(*s.entry.audiences)),
            made(_("Alternative to"), lambda s: known(*s.solution.alternatives)),
        ),
    )
    yield Group(
        _("Licence and maintenance"),
        (
            made(_("Licence"), lambda s: known(s.solution.licence)),
            made(
                _("The licence in plain words"),
                lambda s: known(s.entry.licence.summary) if s.entry.licence else UNKNOWN,
            ),
            made(
                _("When you pass it on, you must"),
                lambda s: known(*s.entry.licence.duties) if s.entry.licence else UNKNOWN,
            ),
            made(
                _("Does it go with the EUPL?"),
                lambda s: known(s.entry.licence.eupl) if s.entry.licence else UNKNOWN,
            ),
            made(_("Publisher"), lambda s: known(s.entry.publisher)),
            made(
                _("Development status"),
                lambda s: known(
                    s.solution.development_status and s.solution.get_development_status_display(),
                    badge=s.entry.badge,
                ),
            ),
            made(
                _("Version and date"),
                lambda s: known(
                    " · ".join(filter(None, (s.entry.version, berlin_date(s.entry.release_date))))
                ),
            ),
            made(
                _("Maintenance"),
                lambda s: known(
                    s.solution.maintenance_type and s.solution.get_maintenance_type_display()
                ),
            ),
            made(_("End of the contract"), _contract_end),
        ),
    )
    yield Group(
        _("Technology"),
        (
            made(
                _("Kind of software"),
                lambda s: known(
                    s.solution.software_type and s.solution.get_software_type_display()
                ),
            ),
            made(_("Platforms"), lambda s: known(*s.entry.platforms)),
            made(_("Languages"), lambda s: known(*s.entry.languages)),
            made(
                _("Standards"), lambda s: known(*(standard.name for standard in s.entry.standards))
            ),
            made(_("What the solution needs"), _needs),
        ),
    )


def _contract_end(subject: Subject) -> Cell:
    if subject.solution.maintenance_type in ("internal", "community", "none"):
        return known(_("no contract"))
    return known(berlin_date(subject.entry.contract_end))


def _needs(subject: Subject) -> Cell:
    """A file without dependencies does not say that there are none."""
    return Cell(
        tuple(
            Piece(_need(d), "warning" if d.is_proprietary else "")
            for d in subject.entry.dependencies
        ),
        "" if subject.entry.dependencies else "unknown",
    )


def _need(dependency: Dependency) -> str:
    text = f"{dependency.name} {dependency.version}".strip()
    marks = [_("proprietary")] if dependency.is_proprietary else []
    marks += [_("hardware")] if dependency.is_hardware else []
    marks += [_("optional")] if dependency.is_optional else []
    return f"{text} ({', '.join(marks)})" if marks else text


def what_the_osk_notes(subjects: Sequence[Subject]) -> Iterator[Group]:
    """The notices that stand, each with its day."""
    notices = notices_of(s.solution for s in subjects)

    def standing(subject: Subject) -> Cell:
        pieces = (
            Piece(
                f"{n.get_kind_display()} ({n.issued_at.astimezone(BERLIN):%d.%m.%Y})",
                n.badge,
                n.get_absolute_url(),
            )
            for n in notices.get(subject.solution.pk, ())
        )
        return Cell(tuple(pieces)) if subject.solution.pk in notices else known(_("no notice"))

    yield Group(_("Notices"), (row(_("Notices of the OSK"), subjects, standing),))


def what_administrations_must_know(subjects: Sequence[Subject]) -> Iterator[Group]:
    """A topic that is said of none only where it fits is left out; each statement with origin and day."""
    said = [{found.topic: found for found in subject.statements} for subject in subjects]
    labels = {found.topic: found.label for topics in said for found in topics.values()}
    rows = (
        Row(labels[topic], tuple(_stated(topics.get(topic)) for topics in said))
        for topic in StatementTopic.values
        if topic in labels
    )
    yield Group(_("Statements for administrations"), tuple(rows))


def _stated(found: StatementRow | None) -> Cell:
    if found is None or not found.text:
        return UNKNOWN
    day = found.stated_on.strftime("%d.%m.%Y") if found.stated_on else ""
    marks = [found.origin, day, _("older than 12 months") if found.is_old else ""]
    return Cell((Piece(found.text, detail=", ".join(filter(None, marks))),))


def what_the_osk_has_found(subjects: Sequence[Subject]) -> Iterator[Group]:
    """Whether there is an Einschätzung and where it stands; never what its criteria would add up to."""
    if not any(subject.assessment for subject in subjects):
        return
    label = _("Assessment of the OSK")
    yield Group(label, (row(_("By the list"), subjects, _assessed),))


def what_opencode_says(subjects: Sequence[Subject]) -> Iterator[Group]:
    """Badges as they were fetched, each with its day; a row a badge."""
    names = dict.fromkeys(badge.label for subject in subjects for badge in subject.badges)
    if not names:
        return
    yield Group(_("Badges of openCode"), tuple(_badged(name, subjects) for name in names))


def _badged(name: str, subjects: Sequence[Subject]) -> Row:
    def said(subject: Subject) -> Cell:
        found = next((badge for badge in subject.badges if badge.label == name), None)
        if found is None:
            return Cell(kind="unknown")
        day = found.fetched_at.astimezone(BERLIN).strftime("%d.%m.%Y")
        return Cell((Piece(found.level, detail=day),))

    return row(name, subjects, said)


def what_is_being_checked(subjects: Sequence[Subject]) -> Iterator[Group]:
    """Statements that somebody has reported as wrong: they stand above, and may change."""
    if not any(subject.solution.checked_fields for subject in subjects):
        return
    yield Group(_("Statements being checked"), (row(_("Reported as wrong"), subjects, _checked),))


def _checked(subject: Subject) -> Cell:
    return known(*reports.labels_of(subject.solution.checked_fields))


def _assessed(subject: Subject) -> Cell:
    found = subject.assessment
    if found is None:
        return Cell((Piece(_("not assessed yet")),), "unknown")
    day = found.published_at.astimezone(BERLIN).strftime("%d.%m.%Y")
    said = _("Version %(number)s of %(date)s") % {"number": found.number, "date": day}
    marks = [said, _("older than 12 months") if found.is_old else ""]
    url = reverse("catalog:assessment_current", args=[subject.solution.slug])
    return Cell((Piece(found.criteria, url=url, detail=", ".join(filter(None, marks))),))


def who_uses_it(subjects: Sequence[Subject]) -> Iterator[Group]:
    def used(subject: Subject) -> Cell:
        n = subject.berlin_count
        if not n:
            return Cell((Piece(_("Not yet reported in Berlin")),), "unknown")
        return known(ngettext("used once in Berlin", "used %(n)s times in Berlin", n) % {"n": n})

    def elsewhere(subject: Subject) -> Cell:
        n = subject.elsewhere_count
        said = subject.entry.used_by
        return known(
            n and ngettext("%(n)s reuse reported", "%(n)s reuses reported", n) % {"n": n},
            said and _("According to the publisher: %(names)s") % {"names": _some(said)},
        )

    everybody = supporters_of_each([s.solution for s in subjects])

    def supported(subject: Subject) -> Cell:
        pieces = (
            Piece(supporter.name, detail=_supports(supporter))
            for supporter in everybody[subject.solution.pk]
        )
        return Cell(found) if (found := tuple(pieces)) else UNKNOWN

    yield Group(
        _("Use and help"),
        (
            row(_("Use in Berlin"), subjects, used),
            row(_("Use outside Berlin"), subjects, elsewhere),
            row(_("Support offered by"), subjects, supported),
            row(
                _("Test environment"),
                subjects,
                lambda s: (
                    known(_("can be booked"), kind="yes")
                    if s.has_test
                    else known(_("not prepared yet"), kind="no")
                ),
            ),
        ),
    )


def _supports(supporter: Supporter) -> str:
    """That a contractor is named by the file, and until when."""
    if not supporter.is_contractor:
        return ""
    if supporter.until is None:
        return pgettext("comparison", "by contract")
    words = (
        pgettext("comparison", "contract ended on %(day)s")
        if supporter.has_ended
        else pgettext("comparison", "by contract until %(day)s")
    )
    return words % {"day": supporter.until.strftime("%d.%m.%Y")}


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown}, …" if len(names) > 5 else shown


SOURCES: Final[tuple[Source, ...]] = (
    what_the_osk_notes,
    what_it_is,
    what_administrations_must_know,
    what_the_osk_has_found,
    what_opencode_says,
    who_uses_it,
    what_is_being_checked,
)


def subject(solution: Any) -> Subject:
    """``solution``: with what ``for_comparison()`` counts, and the annotations of ``table.compare``."""
    return Subject(
        solution,
        presentation.entry(solution),
        solution.berlin_count,
        solution.elsewhere_count,
        solution.has_test,
        statements.of(solution),
        assessments.of(solution),
        badges.of(solution),
    )
