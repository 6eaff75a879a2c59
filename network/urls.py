from django.urls import path

from network import leaving_views, mailbox_views, presence_views, views

app_name = "network"

urlpatterns = [
    path("", views.organisation_list, name="organisation_list"),
    path("mitgliedschaft/<uuid:public_id>/", views.membership_decide, name="membership_decide"),
    path("mitgliedschaft/noch-da/", presence_views.presence_list, name="presence_list"),
    path("mitgliedschaft/<uuid:public_id>/noch-da/", presence_views.presence, name="presence"),
    path("mitgliedschaft/nachfolge/", leaving_views.succession_list, name="succession_list"),
    path(
        "mitgliedschaft/<uuid:public_id>/beenden/",
        leaving_views.membership_end,
        name="membership_end",
    ),
    path("postfach/<str:token>/", mailbox_views.mailbox_confirm, name="mailbox_confirm"),
    path("<slug:slug>/postfach/", mailbox_views.mailbox_edit, name="mailbox_edit"),
    path("<slug:slug>/mitglieder/", leaving_views.member_list, name="member_list"),
    path("<slug:slug>/", views.organisation_detail, name="organisation_detail"),
]
