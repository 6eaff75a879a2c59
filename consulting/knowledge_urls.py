"""What the OSK knows, for everybody: /wissen/."""

from django.urls import path

from consulting.views import knowledge

app_name = "knowledge"

urlpatterns = [
    path("", knowledge.answer_list, name="answer_list"),
    path("antwort/<uuid:public_id>/", knowledge.answer_page, name="answer"),
]
