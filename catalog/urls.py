from django.urls import path

from catalog.exports import dump
from catalog.views import (
    assessments,
    checking,
    claims,
    code_releases,
    comparison,
    exports,
    feeds,
    following,
    intake,
    maintainerships,
    notices,
    objections,
    pictures,
    proposals,
    reports,
    reuse,
    revisions,
    solutions,
    statements,
    support,
)

app_name = "catalog"

# What stands before <slug:slug> is in services.entries.RESERVED_SLUGS.
urlpatterns = [
    path("", solutions.solution_list, name="solution_list"),
    path("pruefen/", checking.publiccode_check, name="publiccode_check"),
    path("vergleich/", comparison.comparison, name="comparison"),
    path("vergleich/ods/", comparison.comparison_ods, name="comparison_ods"),
    path("vergleich/gespeichert/", comparison.comparison_list, name="comparison_list"),
    path(
        "vergleich/<uuid:public_id>/",
        comparison.saved_comparison,
        name="saved_comparison",
    ),
    path(
        "vergleich/<uuid:public_id>/ods/",
        comparison.saved_comparison_ods,
        name="saved_comparison_ods",
    ),
    path(
        "vergleich/<uuid:public_id>/loeschen/",
        comparison.saved_comparison_delete,
        name="saved_comparison_delete",
    ),
    path("code-veroeffentlichen/", code_releases.code_release_home, name="code_release_home"),
    path("code-veroeffentlichen/neu/", code_releases.code_release_begin, name="code_release_begin"),
    path(
        "code-veroeffentlichen/<uuid:public_id>/", code_releases.code_release, name="code_release"
    ),
    path(
        "code-veroeffentlichen/<uuid:public_id>/datei/",
        code_releases.code_release_file,
        name="code_release_file",
    ),
    path(
        "code-veroeffentlichen/<uuid:public_id>/entwurf/",
        code_releases.code_release_draft,
        name="code_release_draft",
    ),
    path(
        "code-veroeffentlichen/<uuid:public_id>/protokoll.ods",
        code_releases.code_release_record,
        name="code_release_record",
    ),
    path(
        "code-veroeffentlichen/<uuid:public_id>/loeschen/",
        code_releases.code_release_delete,
        name="code_release_delete",
    ),
    path(
        "code-veroeffentlichen/<uuid:public_id>/<slug:step>/",
        code_releases.code_release_step,
        name="code_release_step",
    ),
    path("pruefen/<uuid:public_id>/", checking.repository_check, name="repository_check"),
    path("feed/", feeds.solution_feed, name="solution_feed"),
    path("hinweise/", notices.notice_list, name="notice_list"),
    path("hinweise/feed/", notices.notice_feed, name="notice_feed"),
    path("hinweise/<uuid:public_id>/", notices.notice_detail, name="notice_detail"),
    path("hinweise/<uuid:public_id>/gelesen/", notices.notice_confirm, name="notice_confirm"),
    path("meldungen/", reports.report_list, name="report_list"),
    path("meldungen/<uuid:public_id>/", reports.report_detail, name="report_detail"),
    path("meldungen/<uuid:public_id>/antwort/", reports.report_answer, name="report_answer"),
    path(
        "meldungen/<uuid:public_id>/widerspruch/",
        reports.report_object,
        name="report_object",
    ),
    path("falsche-angabe/<uuid:public_id>/", reports.report_sent, name="report_sent"),
    path(
        "falsche-angabe/bestaetigen/<str:token>/",
        reports.report_confirm,
        name="report_confirm",
    ),
    path("nachnutzungen/", reuse.reuse_list, name="reuse_list"),
    path("nachnutzungen/<uuid:public_id>/", reuse.reuse_detail, name="reuse_detail"),
    path("nachnutzungen/<uuid:public_id>/angaben/", reuse.reuse_details, name="reuse_details"),
    path("nachnutzungen/<uuid:public_id>/stufe/", reuse.reuse_move, name="reuse_move"),
    path("nachnutzungen/<uuid:public_id>/berichtigen/", reuse.reuse_correct, name="reuse_correct"),
    path("nachnutzungen/<uuid:public_id>/bestaetigen/", reuse.reuse_confirm, name="reuse_confirm"),
    path(
        "nachnutzungen/<uuid:public_id>/zurueckziehen/",
        reuse.reuse_withdraw,
        name="reuse_withdraw",
    ),
    path("folgen/", following.follow_list, name="follow_list"),
    path("aufnehmen/", intake.intake_create, name="intake_create"),
    path("aufnehmen/<uuid:public_id>/", intake.intake_detail, name="intake_detail"),
    path("vorschlaege/", proposals.proposal_list, name="proposal_list"),
    path("vorschlaege/<uuid:public_id>/", proposals.proposal_detail, name="proposal_detail"),
    path(
        "vorschlaege/<uuid:public_id>/ueberarbeiten/",
        proposals.proposal_revise,
        name="proposal_revise",
    ),
    path(
        "vorschlaege/<uuid:public_id>/zurueckziehen/",
        proposals.proposal_withdraw,
        name="proposal_withdraw",
    ),
    path(
        "vorschlaege/<uuid:public_id>/stellungnahme/",
        objections.proposal_comment,
        name="proposal_comment",
    ),
    path(
        "vorschlaege/<uuid:public_id>/widerspruch/",
        objections.proposal_object,
        name="proposal_object",
    ),
    path(
        "vorschlaege/<uuid:public_id>/widerspruch/zuruecknehmen/",
        objections.objection_withdraw,
        name="objection_withdraw",
    ),
    path("bilder/<slug:digest>.webp", pictures.picture, name="picture"),
    path(
        "bilder/klein/<slug:digest>.webp", pictures.picture, {"small": True}, name="picture_small"
    ),
    path("bilder/<uuid:public_id>/sperren/", pictures.picture_block, name="picture_block"),
    path("bilder/<uuid:public_id>/freigeben/", pictures.picture_allow, name="picture_allow"),
    path("<slug:slug>/bilder/", pictures.picture_list, name="picture_list"),
    path("uebernahmen/", claims.claim_list, name="claim_list"),
    path("uebernahmen/<uuid:public_id>/", claims.claim_detail, name="claim_detail"),
    path("uebernahmen/<uuid:public_id>/antworten/", claims.claim_answer, name="claim_answer"),
    path("uebernahmen/<uuid:public_id>/nachsehen/", claims.claim_look, name="claim_look"),
    path("uebernahmen/<uuid:public_id>/brief/", claims.claim_letter, name="claim_letter"),
    path(
        "uebernahmen/<uuid:public_id>/zurueckziehen/", claims.claim_withdraw, name="claim_withdraw"
    ),
    path(
        "betreuungen/<uuid:public_id>/",
        maintainerships.maintainership_detail,
        name="maintainership_detail",
    ),
    path(
        "betreuungen/<uuid:public_id>/uebergeben/",
        maintainerships.maintainership_offer,
        name="maintainership_offer",
    ),
    path(
        "betreuungen/<uuid:public_id>/uebergabe-zuruecknehmen/",
        maintainerships.maintainership_withdraw_offer,
        name="maintainership_withdraw_offer",
    ),
    path(
        "betreuungen/<uuid:public_id>/annehmen/",
        maintainerships.maintainership_accept,
        name="maintainership_accept",
    ),
    path(
        "betreuungen/<uuid:public_id>/ablehnen/",
        maintainerships.maintainership_decline,
        name="maintainership_decline",
    ),
    path(
        "betreuungen/<uuid:public_id>/zurueckgeben/",
        maintainerships.maintainership_give_back,
        name="maintainership_give_back",
    ),
    path("loesungen.csv", exports.catalog_file, {"name": dump.CSV_FILE}, name="catalog_csv"),
    path("loesungen.ttl", exports.catalog_file, {"name": dump.TURTLE_FILE}, name="catalog_turtle"),
    path("<slug:slug>/", solutions.solution_detail, name="solution_detail"),
    path("<slug:slug>/publiccode.yml", solutions.solution_publiccode, name="solution_publiccode"),
    path("<slug:slug>/falsche-angabe/", reports.report_create, name="report_create"),
    path("<slug:slug>/folgen/", following.follow, name="follow"),
    path("<slug:slug>/nicht-mehr-folgen/", following.unfollow, name="unfollow"),
    path("<slug:slug>/einschaetzung/", assessments.assessment_current, name="assessment_current"),
    path(
        "<slug:slug>/einschaetzung/<uuid:public_id>/",
        assessments.assessment_detail,
        name="assessment_detail",
    ),
    path(
        "<slug:slug>/einschaetzung/<uuid:public_id>/stellungnahme/",
        assessments.assessment_reply,
        name="assessment_reply",
    ),
    path(
        "<slug:slug>/einschaetzung/<uuid:public_id>/berichtigung/",
        assessments.assessment_correct,
        name="assessment_correct",
    ),
    path("<slug:slug>/angaben/", statements.statement_list, name="statement_list"),
    path(
        "<slug:slug>/angaben/<slug:topic>/", statements.statement_propose, name="statement_propose"
    ),
    path(
        "<slug:slug>/angaben/<uuid:public_id>/zurueckziehen/",
        statements.statement_withdraw,
        name="statement_withdraw",
    ),
    path("<slug:slug>/nachnutzung/", reuse.reuse_declare, name="reuse_declare"),
    path("<slug:slug>/unterstuetzung/", support.support_offer, name="support_offer"),
    path(
        "<slug:slug>/unterstuetzung/<slug:organisation>/",
        support.support_detail,
        name="support_detail",
    ),
    path(
        "<slug:slug>/unterstuetzung/<slug:organisation>/zurueckziehen/",
        support.support_withdraw,
        name="support_withdraw",
    ),
    path(
        "<slug:slug>/unterstuetzung/<slug:organisation>/entscheiden/",
        support.support_decide,
        name="support_decide",
    ),
    path("<slug:slug>/jsonld", exports.solution_jsonld, name="solution_jsonld"),
    path("<slug:slug>/dcat.ttl", exports.solution_turtle, name="solution_turtle"),
    path("<slug:slug>/versionen/", revisions.revision_list, name="revision_list"),
    path("<slug:slug>/versionen/vergleich/", revisions.revision_compare, name="revision_compare"),
    path("<slug:slug>/versionen/<slug:number>/", revisions.revision_detail, name="revision_detail"),
    path(
        "<slug:slug>/versionen/<slug:number>/wiederherstellen/",
        revisions.revision_restore,
        name="revision_restore",
    ),
    path("<slug:slug>/uebernehmen/", claims.claim_create, name="claim_create"),
    path("<slug:slug>/vorschlag/", proposals.proposal_create, name="proposal_create"),
    path("<slug:slug>/zurueckziehen/", proposals.withdrawal_create, name="withdrawal_create"),
]
