from osk_portal import portal
from osk_portal.accounts import own_data, services
from osk_portal.accounts.enums import StaffRole

VIEW = frozenset(("view",))
CHANGE = frozenset(("view", "change"))

portal.reference_data.register(
    portal.ReferenceData("accounts.groups", order=1, ensure=services.ensure_groups)
)
portal.staff_rights.register(
    portal.StaffRights(
        "accounts",
        order=1,
        app_label="accounts",
        rights={StaffRole.ADVISOR: VIEW, StaffRole.LEAD: CHANGE, StaffRole.OPERATOR: CHANGE},
    )
)
portal.staff_rights.register(
    portal.StaffRights(
        "notifications",
        order=2,
        app_label="notifications",
        rights={StaffRole.OPERATOR: CHANGE},
    )
)
portal.personal_data.register(own_data.OFFER)
