"""Tables of the EMS side. Importing this package makes `Base.metadata` whole: operational and EMS tables."""

from collector.sitedb.tables import Base
from webapp.models.aspect import Aspect, PointAspect
from webapp.models.audit_event import AuditEvent
from webapp.models.identity import ApiToken, ApiTokenSite, User, UserSession, UserSite

__all__ = ["ApiToken", "ApiTokenSite", "Aspect", "AuditEvent", "Base", "PointAspect", "User", "UserSession", "UserSite"]
