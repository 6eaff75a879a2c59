from django.urls import path

from osk_portal.notifications import views

app_name = "notifications"

urlpatterns = [
    path("", views.notification_list, name="notification_list"),
    path("gelesen/", views.notification_read_all, name="notification_read_all"),
    path("<uuid:public_id>/gelesen/", views.notification_read, name="notification_read"),
]
