"""Our own words for the controlled lists of publiccode.yml, which has none in German.

A value that no list knows (platforms are free text) is shown as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language, pgettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CATEGORIES: Mapping[str, _StrPromise] = {
    "accounting": pgettext_lazy("category", "Accounting"),
    "agile-project-management": pgettext_lazy("category", "Agile project management"),
    "applicant-tracking": pgettext_lazy("category", "Applicant tracking"),
    "application-development": pgettext_lazy("category", "Application development"),
    "appointment-scheduling": pgettext_lazy("category", "Appointment scheduling"),
    "backup": pgettext_lazy("category", "Backup"),
    "billing-and-invoicing": pgettext_lazy("category", "Billing and invoicing"),
    "blog": pgettext_lazy("category", "Blog"),
    "budgeting": pgettext_lazy("category", "Budgeting"),
    "business-intelligence": pgettext_lazy("category", "Business intelligence"),
    "business-process-management": pgettext_lazy("category", "Business process management"),
    "cad": pgettext_lazy("category", "Technical drawing (CAD)"),
    "call-center-management": pgettext_lazy("category", "Call centre"),
    "cloud-management": pgettext_lazy("category", "Cloud management"),
    "collaboration": pgettext_lazy("category", "Collaboration"),
    "communications": pgettext_lazy("category", "Communication"),
    "compliance-management": pgettext_lazy("category", "Compliance management"),
    "contact-management": pgettext_lazy("category", "Contact management"),
    "content-management": pgettext_lazy("category", "Content management"),
    "crm": pgettext_lazy("category", "Customer relations (CRM)"),
    "customer-service-and-support": pgettext_lazy("category", "Customer service"),
    "data-analytics": pgettext_lazy("category", "Data analytics"),
    "data-collection": pgettext_lazy("category", "Data collection"),
    "data-visualization": pgettext_lazy("category", "Data visualisation"),
    "design": pgettext_lazy("category", "Design"),
    "design-system": pgettext_lazy("category", "Design system"),
    "digital-asset-management": pgettext_lazy("category", "Media management"),
    "digital-citizenship": pgettext_lazy("category", "Citizen participation"),
    "document-management": pgettext_lazy("category", "Document management"),
    "donor-management": pgettext_lazy("category", "Donor management"),
    "e-commerce": pgettext_lazy("category", "Online shop"),
    "e-signature": pgettext_lazy("category", "Electronic signature"),
    "educational-content": pgettext_lazy("category", "Educational content"),
    "email-management": pgettext_lazy("category", "E-mail"),
    "email-marketing": pgettext_lazy("category", "Newsletters"),
    "employee-management": pgettext_lazy("category", "Staff management"),
    "enterprise-project-management": pgettext_lazy(
        "category", "Portfolio and multi-project management"
    ),
    "enterprise-social-networking": pgettext_lazy("category", "Internal social network"),
    "erp": pgettext_lazy("category", "Enterprise resource planning (ERP)"),
    "event-management": pgettext_lazy("category", "Event management"),
    "facility-management": pgettext_lazy("category", "Facility management"),
    "feedback-and-reviews-management": pgettext_lazy("category", "Feedback and reviews"),
    "financial-reporting": pgettext_lazy("category", "Financial reporting"),
    "fleet-management": pgettext_lazy("category", "Fleet management"),
    "fundraising": pgettext_lazy("category", "Fundraising"),
    "gamification": pgettext_lazy("category", "Gamification"),
    "geographic-information-systems": pgettext_lazy("category", "Geodata and maps (GIS)"),
    "grant-management": pgettext_lazy("category", "Grants and funding"),
    "graphic-design": pgettext_lazy("category", "Graphic design"),
    "help-desk": pgettext_lazy("category", "Help desk"),
    "hr": pgettext_lazy("category", "Human resources"),
    "ide": pgettext_lazy("category", "Development environment"),
    "identity-management": pgettext_lazy("category", "Identity management"),
    "instant-messaging": pgettext_lazy("category", "Instant messaging"),
    "integrated-library-system": pgettext_lazy("category", "Library system"),
    "inventory-management": pgettext_lazy("category", "Inventory management"),
    "it-asset-management": pgettext_lazy("category", "IT asset management"),
    "it-development": pgettext_lazy("category", "IT development"),
    "it-management": pgettext_lazy("category", "IT management"),
    "it-security": pgettext_lazy("category", "IT security"),
    "it-service-management": pgettext_lazy("category", "IT service management"),
    "knowledge-management": pgettext_lazy("category", "Knowledge management"),
    "learning-management-system": pgettext_lazy("category", "Learning platform"),
    "marketing": pgettext_lazy("category", "Marketing"),
    "mind-mapping": pgettext_lazy("category", "Mind mapping"),
    "mobile-marketing": pgettext_lazy("category", "Mobile marketing"),
    "mobile-payment": pgettext_lazy("category", "Mobile payment"),
    "network-management": pgettext_lazy("category", "Network management"),
    "office": pgettext_lazy("category", "Office programs"),
    "online-booking": pgettext_lazy("category", "Online booking"),
    "online-community": pgettext_lazy("category", "Online community"),
    "payment-gateway": pgettext_lazy("category", "Payment gateway"),
    "payroll": pgettext_lazy("category", "Payroll"),
    "predictive-analysis": pgettext_lazy("category", "Predictive analysis"),
    "procurement": pgettext_lazy("category", "Procurement"),
    "productivity-suite": pgettext_lazy("category", "Workplace suite"),
    "project-collaboration": pgettext_lazy("category", "Project collaboration"),
    "project-management": pgettext_lazy("category", "Project management"),
    "property-management": pgettext_lazy("category", "Property management"),
    "real-estate-management": pgettext_lazy("category", "Real estate"),
    "regulations-and-directives": pgettext_lazy("category", "Laws and regulations"),
    "remote-support": pgettext_lazy("category", "Remote support"),
    "resource-management": pgettext_lazy("category", "Resource management"),
    "sales-management": pgettext_lazy("category", "Sales"),
    "seo": pgettext_lazy("category", "Search engine optimisation"),
    "service-desk": pgettext_lazy("category", "Service desk"),
    "social-media-management": pgettext_lazy("category", "Social media"),
    "survey": pgettext_lazy("category", "Surveys"),
    "talent-management": pgettext_lazy("category", "Staff development"),
    "task-management": pgettext_lazy("category", "Tasks and boards"),
    "taxes-management": pgettext_lazy("category", "Taxes"),
    "test-management": pgettext_lazy("category", "Test management"),
    "time-management": pgettext_lazy("category", "Time management"),
    "time-tracking": pgettext_lazy("category", "Time tracking"),
    "translation": pgettext_lazy("category", "Translation"),
    "video-conferencing": pgettext_lazy("category", "Video conferencing"),
    "video-editing": pgettext_lazy("category", "Video editing"),
    "visitor-management": pgettext_lazy("category", "Visitor management"),
    "voip": pgettext_lazy("category", "Internet telephony (VoIP)"),
    "warehouse-management": pgettext_lazy("category", "Warehouse management"),
    "web-collaboration": pgettext_lazy("category", "Collaboration on the web"),
    "web-conferencing": pgettext_lazy("category", "Web conferencing"),
    "website-builder": pgettext_lazy("category", "Website builder"),
    "whistleblowing": pgettext_lazy("category", "Whistleblowing"),
    "workflow-management": pgettext_lazy("category", "Workflow management"),
    "other": pgettext_lazy("category", "Other"),
}

SCOPES: Mapping[str, _StrPromise] = {
    "agriculture": pgettext_lazy("scope", "Agriculture"),
    "culture": pgettext_lazy("scope", "Culture"),
    "defence": pgettext_lazy("scope", "Defence"),
    "education": pgettext_lazy("scope", "Education"),
    "emergency-services": pgettext_lazy("scope", "Emergency services"),
    "employment": pgettext_lazy("scope", "Employment"),
    "energy": pgettext_lazy("scope", "Energy"),
    "environment": pgettext_lazy("scope", "Environment"),
    "finance-and-economic-development": pgettext_lazy("scope", "Finance and economic development"),
    "foreign-affairs": pgettext_lazy("scope", "Foreign affairs"),
    "government": pgettext_lazy("scope", "Government"),
    "healthcare": pgettext_lazy("scope", "Healthcare"),
    "infrastructures": pgettext_lazy("scope", "Infrastructure"),
    "justice": pgettext_lazy("scope", "Justice"),
    "local-authorities": pgettext_lazy("scope", "Local authorities"),
    "manufacturing": pgettext_lazy("scope", "Manufacturing"),
    "research": pgettext_lazy("scope", "Research"),
    "science-and-technology": pgettext_lazy("scope", "Science and technology"),
    "security": pgettext_lazy("scope", "Public security"),
    "society": pgettext_lazy("scope", "Society"),
    "sport": pgettext_lazy("scope", "Sport"),
    "tourism": pgettext_lazy("scope", "Tourism"),
    "transportation": pgettext_lazy("scope", "Transport"),
    "welfare": pgettext_lazy("scope", "Welfare"),
}

PLATFORMS: Mapping[str, str] = {
    "web": "Web",
    "windows": "Windows",
    "mac": "macOS",
    "linux": "Linux",
    "ios": "iOS",
    "android": "Android",
}


def category(value: str) -> str:
    return str(CATEGORIES.get(value, value))


def scope(value: str) -> str:
    return str(SCOPES.get(value, value))


def platform(value: str) -> str:
    return PLATFORMS.get(value.lower(), value)


def country(code: str) -> str:
    """The country's name in the reader's language; the code itself where it is unknown."""
    try:
        names = Locale.parse((get_language() or "de").replace("-", "_")).territories
    except (ValueError, UnknownLocaleError):
        return code
    return str(names.get(code.upper(), code))


def language(tag: str) -> str:
    """The language's name in the reader's language; the tag itself where it is unknown."""
    try:
        name = Locale.parse(tag.replace("_", "-"), sep="-").get_display_name(get_language() or "de")
    except (ValueError, UnknownLocaleError):
        return tag
    return name or tag
