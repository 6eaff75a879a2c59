from django.urls import path

from osk_portal.pages import views

app_name = "pages"

urlpatterns = [
    path("", views.home, name="home"),
    path("mein/", views.my_area, name="my_area"),
    path("healthz", views.healthz, name="healthz"),
]
