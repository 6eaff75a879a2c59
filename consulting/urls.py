from django.urls import path

from consulting.views import (
    appointments,
    consents,
    drafts,
    feedback,
    files,
    introductions,
    links,
    merging,
    messages,
    needs,
    objection,
    partners,
    procurement,
    recommendations,
    records,
    requests,
    retention,
    start,
    takeover,
)

app_name = "consulting"

intake_urls = [
    path("", start.home, name="home"),
    path("anfrage/neu/", start.request_start, name="request_start"),
    path("anfrage/neu/thema/", start.request_new_subject, name="request_new_subject"),
    path("anfrage/neu/anmelden/", start.request_sign_in, name="request_sign_in"),
    path("anfrage/<uuid:public_id>/entwurf/", drafts.request_draft, name="request_draft"),
    path("anfrage/<uuid:public_id>/anliegen/", drafts.request_kind, name="request_kind"),
    path("anfrage/<uuid:public_id>/thema/", drafts.request_subject, name="request_subject"),
    path("anfrage/<uuid:public_id>/umfeld/", drafts.request_context, name="request_context"),
    path(
        "anfrage/<uuid:public_id>/vergabe/",
        procurement.request_procurement,
        name="request_procurement",
    ),
    path("anfrage/<uuid:public_id>/dateien/", files.request_files, name="request_files"),
    path("anfrage/<uuid:public_id>/freigabe/", drafts.request_sharing, name="request_sharing"),
    path("anfrage/<uuid:public_id>/pruefen/", drafts.request_check, name="request_check"),
    path("anfrage/<uuid:public_id>/gesendet/", drafts.request_sent, name="request_sent"),
    path("anfrage/<uuid:public_id>/loeschen/", drafts.draft_delete, name="draft_delete"),
]

request_urls = [
    path("datei/<uuid:public_id>/", files.file_download, name="file_download"),
    path("anfragen/", requests.request_list, name="request_list"),
    path("anfrage/<uuid:public_id>/", requests.request_detail, name="request_detail"),
    path(
        "anfrage/<uuid:public_id>/uebernehmen/",
        takeover.request_take_over,
        name="request_take_over",
    ),
    path("anfrage/<uuid:public_id>/antworten/", requests.request_reply, name="request_reply"),
    path("anfrage/<uuid:public_id>/nachricht/", requests.request_message, name="request_message"),
    path(
        "anfrage/<uuid:public_id>/nachricht/<uuid:message_id>/",
        messages.message_edit,
        name="message_edit",
    ),
    path(
        "anfrage/<uuid:public_id>/veroeffentlichung/",
        objection.answer_objection,
        name="answer_objection",
    ),
    path("anfrage/<uuid:public_id>/abschliessen/", requests.request_close, name="request_close"),
    path(
        "anfrage/<uuid:public_id>/empfehlung/",
        recommendations.recommendation_mark,
        name="recommendation_mark",
    ),
    path("anfrage/<uuid:public_id>/akte/", records.request_record, name="request_record"),
    path(
        "anfrage/<uuid:public_id>/akte/vollstaendig/",
        records.request_full_record,
        name="request_full_record",
    ),
    path("anfrage/<uuid:public_id>/oeffnen/", requests.request_reopen, name="request_reopen"),
    path(
        "anfrage/<uuid:public_id>/zurueckziehen/",
        requests.request_withdraw,
        name="request_withdraw",
    ),
]

appointment_urls = [
    path(
        "termin/<uuid:public_id>/waehlen/", appointments.appointment_pick, name="appointment_pick"
    ),
    path(
        "termin/<uuid:public_id>/keiner-passt/",
        appointments.appointment_refuse,
        name="appointment_refuse",
    ),
    path(
        "termin/<uuid:public_id>/absagen/",
        appointments.appointment_cancel,
        name="appointment_cancel",
    ),
    path("termin/<uuid:public_id>/datei/", appointments.appointment_file, name="appointment_file"),
]

retention_urls = [
    path(
        "anfrage/<uuid:public_id>/aufbewahrung/",
        retention.request_retention,
        name="request_retention",
    ),
    path(
        "anfrage/<uuid:public_id>/aufbewahrung/e-akte/",
        retention.request_filed,
        name="request_filed",
    ),
    path(
        "anfrage/<uuid:public_id>/aufbewahrung/sperrvermerk/",
        retention.request_hold,
        name="request_hold",
    ),
]

partner_urls = [
    path("frage/<uuid:public_id>/", partners.question_detail, name="question_detail"),
    path("frage/<uuid:public_id>/antworten/", partners.question_answer, name="question_answer"),
    path("frage/<uuid:public_id>/ablehnen/", partners.question_refuse, name="question_refuse"),
    path(
        "frage/<uuid:public_id>/rueckfrage/", partners.question_ask_back, name="question_ask_back"
    ),
    path(
        "frage/<uuid:public_id>/datei/<uuid:file_id>/",
        partners.question_file,
        name="question_file",
    ),
    path(
        "anfrage/<uuid:public_id>/einwilligung/<uuid:consent_id>/",
        consents.partner_consent,
        name="partner_consent",
    ),
    path("anfrage/<uuid:public_id>/verfahren/", consents.own_procedure, name="own_procedure"),
]

merging_urls = [
    path("zusammenfuehrung/<uuid:public_id>/", merging.merge_question, name="merge_question"),
    path("zusammenfuehrung/<uuid:public_id>/antwort/", merging.merge_answer, name="merge_answer"),
]

link_urls = [path("link/<str:token>/", links.case_by_link, name="case_by_link")]

feedback_urls = [
    path("was-wurde-daraus/<str:token>/", feedback.outcome, name="outcome"),
    path("umfrage/<str:token>/", feedback.survey, name="survey"),
]

synergy_urls = [
    path("vorstellung/<uuid:public_id>/", introductions.introduction, name="introduction"),
    path(
        "vorstellung/<uuid:public_id>/zustimmen/",
        introductions.introduction_agree,
        name="introduction_agree",
    ),
    path(
        "vorstellung/<uuid:public_id>/ablehnen/",
        introductions.introduction_refuse,
        name="introduction_refuse",
    ),
    path(
        "vorstellung/<uuid:public_id>/widerrufen/",
        introductions.introduction_take_back,
        name="introduction_take_back",
    ),
    path("bedarfe/", needs.need_list, name="need_list"),
    path("bedarf/<uuid:public_id>/", needs.need, name="need"),
    path("bedarf/<uuid:public_id>/wir-auch/", needs.need_join, name="need_join"),
    path("bedarf/<uuid:public_id>/doch-nicht/", needs.need_leave, name="need_leave"),
    path("bedarf/<uuid:public_id>/aendern/", needs.need_edit, name="need_edit"),
    path("bedarf/<uuid:public_id>/beenden/", needs.need_end, name="need_end"),
    path("anfrage/<uuid:public_id>/bedarf/", needs.need_new, name="need_new"),
]

urlpatterns = [
    *intake_urls,
    *request_urls,
    *retention_urls,
    *appointment_urls,
    *partner_urls,
    *merging_urls,
    *link_urls,
    *feedback_urls,
    *synergy_urls,
]
