"""What a person reads of a wish: one table state → badge and sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from sandbox.enums import WishState

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TEXTS: Final[Mapping[str, tuple[str, _StrPromise]]] = {
    WishState.ASKED: ("info", _("We have received the wish. The OSK looks at it.")),
    WishState.CHECKING: ("info", _("We check whether the product can be set up here.")),
    WishState.TRIAL: ("info", _("We set the product up for ourselves first and try it.")),
    WishState.BOOKABLE: ("success", _("The test environment is there. You can book it.")),
    WishState.MANUAL: ("success", _("A person of the OSK sets this test environment up by hand.")),
    WishState.REFUSED: ("danger", _("We cannot offer this test environment.")),
    WishState.MERGED: ("none", _("This wish is carried on with another one for the same product.")),
    WishState.WITHDRAWN: ("none", _("Nobody asks for it any more.")),
}
