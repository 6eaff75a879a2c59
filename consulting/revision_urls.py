"""What the Revision reads: /revision/."""

from django.urls import path

from consulting.views import revision

app_name = "revision"

urlpatterns = [
    path("", revision.case_list, name="case_list"),
    path("nachweise/", revision.proof_list, name="proof_list"),
    path("bericht/", revision.retention_report, name="retention_report"),
    path("<uuid:public_id>/", revision.case_detail, name="case_detail"),
    path("<uuid:public_id>/akte/", revision.case_record, name="case_record"),
    path("<uuid:public_id>/datei/<uuid:file_id>/", revision.case_file, name="case_file"),
]
