"""What an authority settles before it publishes code of its own: the steps and their points.

Our own list, for whoever publishes at openCode; product.md 2, Code veröffentlichen. Pure: no database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from catalog.enums import PointAnswer

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST_NOTE: Final = 2_000
FILE_STEP: Final = "publiccode"


@dataclass(frozen=True)
class Point:
    key: str
    label: _StrPromise
    help: _StrPromise


@dataclass(frozen=True)
class Step:
    slug: str
    label: _StrPromise
    lead: _StrPromise
    points: tuple[Point, ...]


def is_answered(step: Step, answers: Mapping[str, Mapping[str, Any]]) -> bool:
    """Every point is done, or is not needed."""
    return all(
        answers.get(point.key, {}).get("answer", PointAnswer.OPEN) != PointAnswer.OPEN
        for point in step.points
    )


STEPS: Final = (
    Step(
        "rechte",
        _("Rights"),
        _("Only who holds the rights can put code under a free licence."),
        (
            Point(
                "owner",
                _("It is clear who holds the rights in the code."),
                _(
                    "The employer exercises the rights in programs that staff write as part of their "
                    "duties (§ 69b UrhG). For everything else a contract must say so."
                ),
            ),
            Point(
                "contracts",
                _("The contracts with contractors allow to publish."),
                _(
                    "Look for the rights of use that the contract gives you, and whether you may pass"
                    " them on under a free licence. If they are missing, agree on them in writing."
                ),
            ),
            Point(
                "contributors",
                _("All who have contributed are known and agree."),
                _("Think of former staff, students and other authorities too."),
            ),
            Point(
                "foreign",
                _("Foreign code, pictures and fonts are listed with their licences."),
                _("What may not be passed on is taken out or replaced."),
            ),
        ),
    ),
    Step(
        "lizenz",
        _("Licence"),
        _(
            "We recommend the EUPL-1.2: it is made for administrations, its German text is as"
            " binding as the other languages, and it names the licences with which it can be "
            "combined. AGPL-3.0-or-later suits services in the web, LGPL-3.0-or-later or "
            "MPL-2.0 libraries, MIT or Apache-2.0 code that is to spread without conditions."
        ),
        (
            Point(
                "chosen",
                _("The licence is chosen."),
                _("Write down which one and why, above all if it is not the EUPL-1.2."),
            ),
            Point(
                "named",
                _(
                    "The text of the licence lies in the repository, and its SPDX name stands in the "
                    "publiccode.yml."
                ),
                _(
                    "The file is usually called LICENSE. SPDX names are short and exact: EUPL-1.2, "
                    "AGPL-3.0-or-later, MIT."
                ),
            ),
            Point(
                "fits",
                _("The licences of all parts go together with it."),
                _(
                    "A part under a licence with copyleft can decide under which licence the whole "
                    "may stand. Ask us if you are not sure."
                ),
            ),
        ),
    ),
    Step(
        "historie",
        _("History and secrets"),
        _(
            "What is published once can be copied for ever. That is true of every earlier "
            "version too."
        ),
        (
            Point(
                "secrets",
                _("Neither the code nor its history holds passwords, keys or certificates."),
                _(
                    "Programs such as Gitleaks, TruffleHog or detect-secrets search the whole "
                    "history. Change every secret that was ever in it, even if you remove it."
                ),
            ),
            Point(
                "personal",
                _("It holds no personal data, no internal addresses and no real test data."),
                _(
                    "Look into comments, examples, screenshots and the names in the history as well."
                ),
            ),
            Point(
                "history",
                _("It is decided whether the history is published or begins anew."),
                _(
                    "A fresh start is simpler. A published history shows who has made what; the "
                    "contributors should know."
                ),
            ),
        ),
    ),
    Step(
        "sbom",
        _("List of parts (SBOM)"),
        _(
            "A list of parts (software bill of materials) says what the software is made of. "
            "Others need it to see at once whether a hole concerns them."
        ),
        (
            Point(
                "made",
                _("The list of parts is made in SPDX or CycloneDX and can be made again."),
                _(
                    "Programs such as Syft, Trivy or cdxgen make it, best with each release. TR-03183"
                    " of the BSI says what belongs into it."
                ),
            ),
            Point(
                "holes",
                _("The parts are checked for known holes."),
                _("Update what is outdated, or write down why a hole does not matter here."),
            ),
        ),
    ),
    Step(
        FILE_STEP,
        _("publiccode.yml"),
        _(
            "The publiccode.yml describes your software for catalogs. Upload it or paste it; "
            "we check it as the standard's reference parser does and keep it for the draft."
        ),
        (
            Point(
                "placed",
                _("The file lies in the top folder of the default branch."),
                _(
                    "There catalogs look for it. Under “url” it names the address that the code will "
                    "have at openCode."
                ),
            ),
        ),
    ),
    Step(
        "kontakt",
        _("Contact"),
        _("Whoever finds a mistake must reach you, also in years."),
        (
            Point(
                "contact",
                _("A contact is named that does not depend on one person."),
                _("A shared mailbox is better than somebody's own address."),
            ),
            Point(
                "security",
                _("It is said where security holes are reported in confidence."),
                _("Usually in a file SECURITY.md: the address, and how soon you answer."),
            ),
        ),
    ),
    Step(
        "pflege",
        _("Maintenance"),
        _(
            "Published code that nobody looks after is a risk for all who use it. It may end,"
            " if you say so."
        ),
        (
            Point(
                "who",
                _("It is settled who maintains the code, and until when."),
                _(
                    "With a contractor: the end of the contract, which stands in the publiccode.yml "
                    "too."
                ),
            ),
            Point(
                "contributions",
                _("It is said how others can contribute."),
                _(
                    "Usually in a file CONTRIBUTING.md: how to report a mistake, how you take over "
                    "changes."
                ),
            ),
            Point(
                "build",
                _("Others can build and run the software with the instructions."),
                _("Let somebody try who does not know it."),
            ),
        ),
    ),
    Step(
        "nutzung",
        _("Accessibility and use"),
        _("What others must know before they use the software."),
        (
            Point(
                "accessibility",
                _("The state of accessibility is described."),
                _(
                    "Public bodies may use only accessible software (BITV 2.0). Say what was tested, "
                    "and which barriers are known."
                ),
            ),
            Point(
                "network",
                _(
                    "If a part is under the AGPL or the EUPL: users of a service in the web get the "
                    "source code."
                ),
                _(
                    "These licences ask for it even when nobody gets a copy of the program. A link in"
                    " the footer is enough."
                ),
            ),
        ),
    ),
    Step(
        "freigabe",
        _("Approval"),
        _("Publishing is a decision of your house."),
        (
            Point(
                "involved",
                _("Information security and data protection were involved."),
                _("As your house has settled it."),
            ),
            Point(
                "approved",
                _("The publication is approved."),
                _("Write down by which unit and when, and the file number."),
            ),
        ),
    ),
)
BY_SLUG: Final = {step.slug: step for step in STEPS}
