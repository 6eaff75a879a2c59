from django.urls import path

from network import views

app_name = "network"

urlpatterns = [
    path("", views.organisation_list, name="organisation_list"),
    path("mitgliedschaft/<uuid:public_id>/", views.membership_decide, name="membership_decide"),
    path("<slug:slug>/", views.organisation_detail, name="organisation_detail"),
]
