"""Queries over the demo catalog, judged by hand: what must stand among the first hits."""

from __future__ import annotations

import pytest

from catalog import demo_world
from catalog.models import Solution
from catalog.search import search
from network import demo_world as network_demo

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The demo world, once for all judged queries; rolled back at the end of the module."""
    from django.db import transaction

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        network_demo.load()
        demo_world.load()
        yield
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def found(query: str) -> list[str]:
    keys = search(query, among=Solution.objects.published())
    slugs = dict(Solution.objects.values_list("pk", "slug"))
    return [slugs[key] for key in keys]


# query → what must stand among the first hits (as many as are named, plus two)
JUDGED = {
    "Nextcloud": ["nextcloud"],
    "Nextclod": ["nextcloud"],
    "Openprojekt": ["openproject"],
    "Jitis": ["jitsi-meet"],
    "keykloak": ["keycloak"],
    "Matermost": ["mattermost"],
    "Projektmangement": ["openproject"],
    "Bürgeramt": ["zms-eappointment"],
    "Buergeramt": ["zms-eappointment"],
    "burgeramt": ["zms-eappointment"],
    "BÜRGERAMT": ["zms-eappointment"],
    "Terminvergabe": ["zms-eappointment"],
    "Termin": ["zms-eappointment"],
    "Dokument": ["paperless-ngx", "alfresco"],
    "Dokumentenmanagement": ["paperless-ngx", "alfresco", "nuxeo"],
    "document management": ["alfresco", "nuxeo", "paperless-ngx"],
    "Videokonferenz": ["jitsi-meet", "bigbluebutton"],
    "Videokonferenzen": ["jitsi-meet", "bigbluebutton"],
    "Software für Videokonferenzen": ["jitsi-meet", "bigbluebutton"],
    "Zoom": ["jitsi-meet", "bigbluebutton"],
    "Sharepoint": ["nextcloud", "alfresco", "xwiki"],
    "Alternative zu Dropbox": ["nextcloud"],
    "Microsoft 365": ["opendesk"],
    "ArcGIS": ["qgis", "geoserver", "masterportal"],
    "Oracle": ["postgresql"],
    "Confluence": ["xwiki", "bookstack", "dokuwiki"],
    "Geodaten": ["masterportal", "qgis", "geoserver"],
    "Ticketsystem": ["zammad"],
    "Passwörter verwalten": ["keepassxc", "bitwarden", "passbolt"],
    "Umfragen": ["limesurvey"],
    "Bürgerbeteiligung": ["meinberlin", "consul-democracy", "adhocracy-plus", "dipas"],
    "Lernplattform": ["moodle"],
    "Single Sign-On": ["keycloak"],
    "Zeiterfassung": ["kimai"],
    "Rechnungen": ["odoo"],
}


@pytest.mark.parametrize(("query", "wanted"), JUDGED.items(), ids=list(JUDGED))
def test_judged_queries(demo, query, wanted):
    first = found(query)[: len(wanted) + 2]
    assert set(wanted) <= set(first), first


@pytest.mark.parametrize("name", ["nextcloud", "openproject", "wordpress", "redmine", "ckan"])
def test_a_product_name_comes_first(demo, name):
    assert found(name)[0] == name


def test_what_nobody_offers_finds_nothing(demo):
    assert found("Friedhofsverwaltung") == []
    assert found("qwertzuiopü") == []
