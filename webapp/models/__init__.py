"""Tables of the EMS side. Importing this package makes `Base.metadata` whole: operational and EMS tables."""

from collector.sitedb.tables import Base
from webapp.models.aspect import Aspect, PointAspect
from webapp.models.audit_event import AuditEvent
from webapp.models.identity import ApiToken, ApiTokenSite, User, UserSession, UserSite
from webapp.models.inspection import Answer, Finding, FromPhone, Inspection, Submission
from webapp.models.photo import InspectionPhoto, Photo, PhotoLink, PhotoSite, Upload
from webapp.models.template import Template

__all__ = [
    "Answer", "ApiToken", "ApiTokenSite", "Aspect", "AuditEvent", "Base", "Finding", "FromPhone", "Inspection",
    "InspectionPhoto", "Photo", "PhotoLink", "PhotoSite", "PointAspect", "Submission", "Template", "Upload", "User",
    "UserSession", "UserSite",
]  # fmt: skip
