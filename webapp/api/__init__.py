"""The HTTP API under /api/v1: one module per resource, registered here."""

from __future__ import annotations

from webapp.api.alarms import resource as alarms_resource
from webapp.api.aspects import resource as aspects_resource
from webapp.api.collectors import resource as collectors_resource
from webapp.api.control_limits import resource as control_limits_resource
from webapp.api.dead_letters import resource as dead_letters_resource
from webapp.api.devices import resource as devices_resource
from webapp.api.findings import resource as findings_resource
from webapp.api.inspections import resource as inspections_resource
from webapp.api.labels import resource as labels_resource
from webapp.api.live import resource as live_resource
from webapp.api.locations import resource as locations_resource
from webapp.api.photos import resource as photos_resource
from webapp.api.points import resource as points_resource
from webapp.api.profiles import resource as profiles_resource
from webapp.api.readings import resource as readings_resource
from webapp.api.session import resource as session_resource
from webapp.api.sync import resource as sync_resource
from webapp.api.templates import resource as templates_resource
from webapp.api.uploads import resource as uploads_resource
from webapp.resource import Api

RESOURCES = (
    session_resource,
    points_resource,
    readings_resource,
    devices_resource,
    profiles_resource,
    alarms_resource,
    aspects_resource,
    locations_resource,
    control_limits_resource,
    collectors_resource,
    dead_letters_resource,
    live_resource,
    templates_resource,
    inspections_resource,
    findings_resource,
    photos_resource,
    uploads_resource,
    sync_resource,
    labels_resource,
)


def register(api: Api) -> None:
    for resource in RESOURCES:
        api.register_blueprint(resource)
