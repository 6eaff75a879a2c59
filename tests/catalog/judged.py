"""What people ask for, and how well the demo catalog's entries answer it: 3 is meant, 2 is good, 1 is near.

``JUDGED`` may be tuned on. ``HELD_OUT`` was written before and is only measured: it tells whether the search
generalises. Do not change the search because of it; a query that was looked at closely moves to JUDGED.
"""

from __future__ import annotations

from collections.abc import Mapping

Grades = Mapping[str, int]

_WIKIS = {"bookstack": 3, "dokuwiki": 3, "mediawiki": 3, "xwiki": 3}
_VIDEO = {"jitsi-meet": 3, "bigbluebutton": 3, "element": 1}
_CHATS = {"mattermost": 3, "rocket-chat": 3, "element": 3}
_DMS = {"alfresco": 3, "nuxeo": 2, "paperless-ngx": 3}
_PARTICIPATION = {"meinberlin": 3, "consul-democracy": 3, "adhocracy-plus": 3, "dipas": 3}
_WEB = {"typo3": 3, "drupal": 3, "wordpress": 3}
_PASSWORDS = {"bitwarden": 3, "keepassxc": 3, "passbolt": 3}
_MONITORING = {"zabbix": 3, "icinga": 3, "prometheus": 3, "grafana": 1}
_APPOINTMENTS = {"zms-eappointment": 3, "musterhaus-terminerinnerung": 1}
_GROUPWARE = {"grommunio": 3, "open-xchange": 3, "radicale": 2, "thunderbird": 2}
_CODE = {"gitlab": 3, "forgejo": 3}
_PROCESS = {"camunda-7": 3, "flowable": 3}
_AI = {"f13": 3, "mucgpt": 3}
_LEARNING = {"moodle": 3, "bigbluebutton": 1}
_SURVEY = {"limesurvey": 3, "adhocracy-plus": 1, "meinberlin": 1, "consul-democracy": 1}
_PROJECTS = {"openproject": 3, "redmine": 3}

JUDGED: Mapping[str, Grades] = {
    # names, also misspelt
    "Nextcloud": {"nextcloud": 3},
    "Nextclod": {"nextcloud": 3},
    "Openprojekt": {"openproject": 3},
    "Jitis": {"jitsi-meet": 3},
    "keykloak": {"keycloak": 3},
    "Matermost": {"mattermost": 3},
    "Libre Office": {"libreoffice": 3, "collabora-online": 1},
    "typo 3": {"typo3": 3},
    "big blue button": {"bigbluebutton": 3},
    "ZMS": {"zms-eappointment": 3},
    "open desk": {"opendesk": 3},
    "Rocketchat": {"rocket-chat": 3},
    # umlauts and forms
    "Bürgeramt": _APPOINTMENTS,
    "Buergeramt": _APPOINTMENTS,
    "burgeramt": _APPOINTMENTS,
    "BÜRGERÄMTER": _APPOINTMENTS,
    "Bürgerbüro": _APPOINTMENTS,
    "burgerburo": _APPOINTMENTS,
    "Videokonferenzen": _VIDEO,
    "Umfragen": _SURVEY,
    "Passwörter": _PASSWORDS,
    # compounds and parts of them
    "Termin": {**_APPOINTMENTS, "musterhaus-terminerinnerung": 2},
    "Dokument": {**_DMS, "collabora-online": 1, "cryptpad": 1, "nextcloud": 1},
    "Terminvergabesystem": _APPOINTMENTS,
    "Umfragetool": _SURVEY,
    "Passwortmanager": _PASSWORDS,
    "Wissensmanagementsystem": _WIKIS,
    "Lernmanagementsystem": _LEARNING,
    "Karten": {"masterportal": 3, "geoserver": 3, "qgis": 2, "dipas": 1},
    # the administration's words
    "Terminvergabe": _APPOINTMENTS,
    "Terminbuchung": _APPOINTMENTS,
    "appointment": _APPOINTMENTS,
    "Dokumentenmanagement": _DMS,
    "DMS": _DMS,
    "E-Akte": _DMS,
    "elektronische Akte": _DMS,
    "document management": _DMS,
    "Videokonferenz": _VIDEO,
    "Konferenzsystem": _VIDEO,
    "Software für Videokonferenzen": _VIDEO,
    "Helpdesk": {"zammad": 3, "redmine": 1},
    "Ticketsystem": {"zammad": 3, "redmine": 2},
    "Servicedesk": {"zammad": 3},
    "Fachanwendung": {"camunda-7": 2, "flowable": 2, "nuxeo": 2, "postgresql": 1},
    "Geodaten": {"masterportal": 3, "qgis": 3, "geoserver": 3},
    "GIS": {"qgis": 3, "masterportal": 2, "geoserver": 2, "dipas": 1},
    "Stadtplan": {"masterportal": 3, "geoserver": 1},
    "Bürgerbeteiligung": _PARTICIPATION,
    "Partizipation": _PARTICIPATION,
    "Lernplattform": _LEARNING,
    "E-Learning": _LEARNING,
    "Wiki": _WIKIS,
    "Wissensdatenbank": _WIKIS,
    "Intranet": {"xwiki": 3, "drupal": 3},
    "Internetauftritt": _WEB,
    "Redaktionssystem": _WEB,
    "Single Sign-On": {"keycloak": 3, "univention-corporate-server": 1},
    "SSO": {"keycloak": 3},
    "Zeiterfassung": {"kimai": 3, "redmine": 1, "openproject": 1},
    "Rechnungen": {"odoo": 3, "kimai": 2},
    "Messenger": _CHATS,
    "Passwörter verwalten": _PASSWORDS,
    "Künstliche Intelligenz": _AI,
    "Offene Daten": {"ckan": 3},
    "Systemüberwachung": _MONITORING,
    "Virtuelle Maschinen": {"proxmox-ve": 3},
    "Geschäftsprozesse": _PROCESS,
    "Versionskontrolle": _CODE,
    "Inventarisierung": {"snipe-it": 3},
    "Textverarbeitung": {"libreoffice": 3, "collabora-online": 3},
    "Groupware": _GROUPWARE,
    "Cloudspeicher": {"nextcloud": 3},
    # what they have now
    "Teams": {**_CHATS, "jitsi-meet": 3, "bigbluebutton": 3},
    "Microsoft Teams": {**_CHATS, "jitsi-meet": 3, "bigbluebutton": 3},
    "Zoom": _VIDEO,
    "Sharepoint": {"nextcloud": 3, "alfresco": 3, "xwiki": 3},
    "Alternative zu Dropbox": {"nextcloud": 3},
    "Microsoft 365": {"opendesk": 3, "cryptpad": 2},
    "ArcGIS": {"qgis": 3, "geoserver": 3, "masterportal": 3, "dipas": 2},
    "Oracle": {"postgresql": 3},
    "Confluence": _WIKIS,
    "Outlook": {"thunderbird": 3, "grommunio": 3},
    "Exchange": {"grommunio": 3, "open-xchange": 3, "radicale": 2},
    "Jira ersetzen": {"openproject": 3, "redmine": 3, "zammad": 2},
    "ChatGPT": _AI,
    "Doodle": {"cryptpad": 3},
    "Trello": {**_PROJECTS},
    "Power BI": {"grafana": 3},
    "MS Office": {"libreoffice": 3, "collabora-online": 2, "opendesk": 1},
}

HELD_OUT: Mapping[str, Grades] = {
    "Moodel": {"moodle": 3},
    "Grafanna": {"grafana": 3},
    "open project": {"openproject": 3},
    "Wordpres": {"wordpress": 3},
    "Betriebssysteme für Server": {"debian": 3, "univention-corporate-server": 1},
    "Wartenummern": {"zms-eappointment": 3},
    "Beteiligungsplattform": {
        "meinberlin": 3,
        "adhocracy-plus": 3,
        "consul-democracy": 3,
        "dipas": 2,
    },
    "Bürgerhaushalte": {"meinberlin": 3, "consul-democracy": 3},
    "Slack": _CHATS,
    "Google Analytics": {"matomo": 3},
    "VMware": {"proxmox-ve": 3, "kubernetes": 2},
    "Active Directory": {"univention-corporate-server": 3, "keycloak": 1},
    "Kennwörter": _PASSWORDS,
    "Chatprogramm": _CHATS,
    "Ersatz für Microsoft Excel": {"libreoffice": 3},
    "Fragebögen": _SURVEY,
    "Serverüberwachung": _MONITORING,
    "geoportal": {"masterportal": 3, "geoserver": 1},
    "Datenbanken": {"postgresql": 3},
    "Workflows automatisieren": _PROCESS,
    "project management": _PROJECTS,
    "survey": _SURVEY,
    "Git": _CODE,
    "Kalender": {"radicale": 3, "grommunio": 3, "open-xchange": 3, "thunderbird": 3},
    "Scanner": {"paperless-ngx": 3},
    "Protokolle schreiben": {"etherpad": 3},
    "KI": _AI,
    "Diskussionsforen": {"discourse": 3},
    "Wissensmanagment": _WIKIS,
    "Open-Data-Portal": {"ckan": 3},
}
