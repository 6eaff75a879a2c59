"""An entry's pictures for pages and formats, read from what stands with the entry: no query."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from catalog.enums import PictureKind
from catalog.models import Picture, Solution

SMALL_WIDTH = 640
LOGO_BOX = (96, 48)


@dataclass(frozen=True)
class ShownPicture:
    """``alt`` is empty for a logo: there the solution's name says what it shows."""

    digest: str
    width: int
    height: int
    is_light: bool
    alt: str

    @property
    def box(self) -> tuple[int, int]:
        """Width and height of a logo on the page: half its pixels at most, for fine screens."""
        scale = min(LOGO_BOX[0] / self.width, LOGO_BOX[1] / self.height, 1)
        return max(round(self.width * scale), 1), max(round(self.height * scale), 1)

    @property
    def url(self) -> str:
        return reverse("catalog:picture", args=[self.digest])

    @property
    def small_url(self) -> str:
        return reverse("catalog:picture_small", args=[self.digest])

    @property
    def address(self) -> str:
        """The whole address, for other programs."""
        return settings.OSK_BASE_URL + self.url

    @property
    def is_wide(self) -> bool:
        """The small size is smaller."""
        return self.width > SMALL_WIDTH


def logo_of(solution: Solution) -> ShownPicture | None:
    return next(iter(_of(solution, PictureKind.LOGO)), None)


def screenshots_of(solution: Solution) -> list[ShownPicture]:
    return _of(solution, PictureKind.SCREENSHOT)


def _of(solution: Solution, kind: PictureKind) -> list[ShownPicture]:
    return [
        ShownPicture(p["digest"], p["width"], p["height"], p["is_light"], p["alt"])
        for p in solution.shown_pictures
        if p["kind"] == kind
    ]


def of_row(picture: Picture) -> ShownPicture | None:
    """For those who look after it; None while there is nothing to show."""
    if not picture.digest:
        return None
    return ShownPicture(
        picture.digest, picture.width, picture.height, picture.is_light, picture.alt
    )
