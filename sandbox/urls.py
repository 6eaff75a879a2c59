from django.urls import path

from sandbox.views import (
    blueprints,
    booking,
    bookings,
    changing,
    gate,
    month,
    people,
    plans,
    removal,
    results,
    sheets,
    standing_in,
    wishes,
)

app_name = "sandbox"

urlpatterns = [
    path("", blueprints.blueprint_list, name="blueprint_list"),
    path("buchung/<uuid:public_id>/", bookings.booking_detail, name="booking_detail"),
    path("buchung/<uuid:public_id>/stand/", bookings.booking_progress, name="booking_progress"),
    path("buchung/<uuid:public_id>/meldungen/", bookings.booking_log, name="booking_log"),
    path("buchung/<uuid:public_id>/beenden/", bookings.booking_end, name="booking_end"),
    path("buchung/<uuid:public_id>/verlaengern/", changing.booking_extend, name="booking_extend"),
    path("buchung/<uuid:public_id>/verschieben/", changing.booking_move, name="booking_move"),
    path("buchung/<uuid:public_id>/neustart/", changing.booking_restart, name="booking_restart"),
    path("buchung/<uuid:public_id>/zuruecksetzen/", changing.booking_reset, name="booking_reset"),
    path("buchung/<uuid:public_id>/annehmen/", changing.offer_accept, name="offer_accept"),
    path("buchung/<uuid:public_id>/kalender/", changing.booking_calendar, name="booking_calendar"),
    path(
        "buchung/<uuid:public_id>/zugang/<uuid:credential_id>/",
        bookings.credential_reveal,
        name="credential_reveal",
    ),
    path("buchung/<uuid:public_id>/vertretung/", standing_in.booking_deputy, name="booking_deputy"),
    path(
        "buchung/<uuid:public_id>/uebernehmen/",
        standing_in.booking_take_over,
        name="booking_take_over",
    ),
    path(
        "buchung/<uuid:public_id>/uebernahme-beenden/",
        standing_in.takeover_end,
        name="takeover_end",
    ),
    path("buchung/<uuid:public_id>/testteilnehmende/", people.people_edit, name="people_edit"),
    path(
        "buchung/<uuid:public_id>/testteilnehmende/<uuid:participant_id>/entfernen/",
        people.participant_remove,
        name="participant_remove",
    ),
    path(
        "buchung/<uuid:public_id>/testteilnehmende/<uuid:participant_id>/link/",
        people.guest_renew,
        name="guest_renew",
    ),
    path("buchung/<uuid:public_id>/testplan/", plans.plan_edit, name="plan_edit"),
    path("buchung/<uuid:public_id>/testbericht/", sheets.booker_report, name="booker_report"),
    path(
        "buchung/<uuid:public_id>/testbericht/datei/<uuid:file_id>/",
        sheets.report_file,
        name="report_file",
    ),
    path("buchung/<uuid:public_id>/ergebnis/", results.booking_result, name="booking_result"),
    path(
        "ergebnis/<uuid:public_id>/zurueckziehen/", results.result_withdraw, name="result_withdraw"
    ),
    path("buchung/<uuid:public_id>/loeschnachweis/", removal.removal_proof, name="removal_proof"),
    path("teilnahme/<uuid:participant_id>/", sheets.participation, name="participation"),
    path(
        "teilnahme/<uuid:participant_id>/antwort/",
        people.invitation_answer,
        name="invitation_answer",
    ),
    path(
        "teilnahme/<uuid:participant_id>/testbericht/",
        sheets.participant_report,
        name="participant_report",
    ),
    path(
        "teilnahme/<uuid:participant_id>/zugang/<uuid:credential_id>/",
        sheets.participant_reveal,
        name="participant_reveal",
    ),
    path("tor/pruefung/", gate.gate_check, name="gate_check"),
    path("tor/wege/", gate.gate_routes, name="gate_routes"),
    path("tor/einlass/", gate.gate_change, name="gate_change"),
    path("tor/<uuid:public_id>/", gate.gate_enter, name="gate_enter"),
    path("gast/<str:token>/", sheets.guest_sheet, name="guest_sheet"),
    path("wuensche/", wishes.wish_list, name="wish_list"),
    path("wuensche/neu/", wishes.wish_new, name="wish_new"),
    path("wuensche/<uuid:public_id>/", wishes.wish_detail, name="wish_detail"),
    path("wuensche/<uuid:public_id>/anschliessen/", wishes.wish_join, name="wish_join"),
    path("wuensche/<uuid:public_id>/zuruecknehmen/", wishes.wish_take_back, name="wish_take_back"),
    path("prototyp/neu/", wishes.prototype_new, name="prototype_new"),
    path("<slug:slug>/", blueprints.blueprint_detail, name="blueprint_detail"),
    path("<slug:slug>/buchen/", booking.booking_create, name="booking_create"),
    path("<slug:slug>/termine/", month.month_table, name="month_table"),
    path("<slug:slug>/warteliste/", booking.waitlist_join, name="waitlist_join"),
    path("<slug:slug>/warteliste/verlassen/", booking.waitlist_leave, name="waitlist_leave"),
]
