"""A button of the case page: what it does, with which form, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from consulting import permissions
from consulting.enums import CaseAction, CaseEventKind
from consulting.models import ConsultingRequest
from consulting.staff_forms import StaffForm
from osk_portal.accounts.models import User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text = str | _StrPromise

Service = Callable[..., object]


@dataclass(frozen=True)
class Step:
    """A button of the case page. With a form it has a page of its own, without it acts at once."""

    name: str
    action: CaseAction | None
    """The transition; None for what leaves the state as it is: ``rule`` and ``sense`` decide alone."""
    event: CaseEventKind
    """What stands in the history when it is done."""
    run: Service
    done: Text
    form: type[StaffForm] = StaffForm
    label: Text = ""
    intro: Text = ""
    """What happens, and who sees what is typed."""
    is_aside: bool = False
    """Leads off the usual way: its button stands back."""
    arguments: Callable[[StaffForm, User], dict[str, Any]] = field(
        default=lambda form, user: form.values()
    )
    rule: Callable[[User, ConsultingRequest], bool] = lambda user, case: True
    """Who, beyond the permission of the action."""
    sense: Callable[[User, ConsultingRequest], bool] = lambda user, case: True
    """When, beyond the model's table."""
    template: str = "step.html"

    @property
    def title(self) -> str:
        return str(self.label or (self.action.label if self.action else self.name))

    @property
    def has_page(self) -> bool:
        return self.form is not StaffForm

    def is_permitted(self, user: User, case: ConsultingRequest) -> bool:
        is_allowed = self.action is None or permissions.may(user, self.action, case)
        return is_allowed and self.rule(user, case)

    def is_open(self, user: User, case: ConsultingRequest) -> bool:
        """``user`` may, and the case is where it starts from."""
        can = self.action is None or case.can(self.action)
        return can and self.sense(user, case) and self.is_permitted(user, case)
