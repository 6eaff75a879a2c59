"""Every write that a person starts. What the engines are asked is in provisioning.py."""

from sandbox.services.approval import approve_booking, expire_holds, reject_booking
from sandbox.services.blackouts import PlacesTaken, add_blackout, lift_blackout
from sandbox.services.blueprints import publish_version
from sandbox.services.bookings import TooEarly, book, end_booking
from sandbox.services.by_hand import (
    NotEverything,
    begin_task,
    refuse_set_up,
    remind_operators,
    report_removal,
    report_set_up,
    things_of,
    tick_steps,
)
from sandbox.services.changing import (
    approve_longer,
    ask_longer,
    can_move,
    extend_booking,
    latest_by_product,
    move_booking,
    refuse_longer,
)
from sandbox.services.credentials import (
    PASSWORD_LENGTH,
    ensure_credentials,
    plain_credentials,
    reveal_credential,
    reveal_to_participant,
    wipe_credentials,
)
from sandbox.services.environments import (
    OFFER,
    WORK,
    add_generation,
    forget_environment,
    release_lease,
    release_slot,
    remove_environment,
    retry_booking,
)
from sandbox.services.lateness import tell_late
from sandbox.services.mails import keep_mail, wipe_mails
from sandbox.services.measures import (
    add_remains,
    confirm_restore,
    end_environment,
    prove_remains_gone,
    quarantine_environment,
    release_quarantine,
    settle_remains,
    why_not_released,
)
from sandbox.services.reminders import send_reminders
from sandbox.services.snapshots import (
    TooManySnapshots,
    ask_snapshot,
    can_take,
    delete_snapshot,
    fetch_snapshot,
)
from sandbox.services.standing_in import (
    end_takeover,
    hand_over_booking,
    name_deputy,
    take_over_booking,
)
from sandbox.services.steering import can_steer, reset_environment, restart_environment
from sandbox.services.waiting import (
    accept_offer,
    join_waitlist,
    leave_waitlist,
    offer_places,
)

__all__ = [
    "OFFER",
    "PASSWORD_LENGTH",
    "WORK",
    "NotEverything",
    "PlacesTaken",
    "TooEarly",
    "TooManySnapshots",
    "accept_offer",
    "add_blackout",
    "add_generation",
    "add_remains",
    "approve_booking",
    "approve_longer",
    "ask_longer",
    "ask_snapshot",
    "begin_task",
    "book",
    "can_move",
    "can_steer",
    "can_take",
    "confirm_restore",
    "delete_snapshot",
    "end_booking",
    "end_environment",
    "end_takeover",
    "ensure_credentials",
    "expire_holds",
    "extend_booking",
    "fetch_snapshot",
    "forget_environment",
    "hand_over_booking",
    "join_waitlist",
    "keep_mail",
    "latest_by_product",
    "leave_waitlist",
    "lift_blackout",
    "move_booking",
    "name_deputy",
    "offer_places",
    "plain_credentials",
    "prove_remains_gone",
    "publish_version",
    "quarantine_environment",
    "refuse_longer",
    "refuse_set_up",
    "reject_booking",
    "release_lease",
    "release_quarantine",
    "release_slot",
    "remind_operators",
    "remove_environment",
    "report_removal",
    "report_set_up",
    "reset_environment",
    "restart_environment",
    "retry_booking",
    "reveal_credential",
    "reveal_to_participant",
    "send_reminders",
    "settle_remains",
    "take_over_booking",
    "tell_late",
    "things_of",
    "tick_steps",
    "why_not_released",
    "wipe_credentials",
    "wipe_mails",
]
