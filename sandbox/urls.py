from django.urls import path

from sandbox import views

app_name = "sandbox"

urlpatterns = [
    path("", views.blueprint_list, name="blueprint_list"),
    path("buchung/<uuid:public_id>/", views.booking_detail, name="booking_detail"),
    path("buchung/<uuid:public_id>/stand/", views.booking_progress, name="booking_progress"),
    path("buchung/<uuid:public_id>/beenden/", views.booking_end, name="booking_end"),
    path(
        "buchung/<uuid:public_id>/zugang/<uuid:credential_id>/",
        views.credential_reveal,
        name="credential_reveal",
    ),
    path("<slug:slug>/", views.blueprint_detail, name="blueprint_detail"),
    path("<slug:slug>/buchen/", views.booking_create, name="booking_create"),
]
