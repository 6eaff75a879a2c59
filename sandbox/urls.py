from django.urls import path

from sandbox.views import blueprints, booking, bookings

app_name = "sandbox"

urlpatterns = [
    path("", blueprints.blueprint_list, name="blueprint_list"),
    path("buchung/<uuid:public_id>/", bookings.booking_detail, name="booking_detail"),
    path("buchung/<uuid:public_id>/stand/", bookings.booking_progress, name="booking_progress"),
    path("buchung/<uuid:public_id>/beenden/", bookings.booking_end, name="booking_end"),
    path(
        "buchung/<uuid:public_id>/zugang/<uuid:credential_id>/",
        bookings.credential_reveal,
        name="credential_reveal",
    ),
    path("<slug:slug>/", blueprints.blueprint_detail, name="blueprint_detail"),
    path("<slug:slug>/buchen/", booking.booking_create, name="booking_create"),
]
