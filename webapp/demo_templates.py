"""Publishes the templates that came with the demo site: device_configs/templates/<name>.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy.orm import Session

from collector.demo.records import DemoSite, record_id
from collector.errors import ConfigError
from collector.profiles.files import device_configs, read_yaml
from collector.profiles.vocabulary import flatten
from webapp.inspections.content import load_content
from webapp.inspections.templates import current_template, publish
from webapp.questions.base import SLUG


class TemplateFile(Schema):
    schema = fields.Integer(required=True, validate=validate.Equal(1))
    id = fields.String(required=True, validate=SLUG)
    site = fields.String(required=True)
    content = fields.Dict(keys=fields.String(), required=True)


def seed_templates(db: Session, demo: DemoSite, actor: str, now: int) -> int:
    """How many were new. One that is there already stays as people left it."""
    new = 0
    for path in sorted((device_configs() / "templates").glob("*.yaml")):
        ident, content = read_template(path, demo)
        if ident is not None and current_template(db, ident) is None:
            publish(db, ident, demo.id, content, actor=actor, now=now)
            new += 1
    return new


def read_template(path: Path, demo: DemoSite) -> tuple[str | None, dict[str, Any]]:
    """Its id and content with the site's own record ids; no id for a template of another site.

    Raises ConfigError with every fault and its place.
    """
    try:
        file: dict[str, Any] = TemplateFile().load(read_yaml(path))
        if file["site"] != demo.id:
            return None, {}
        content = load_content(_with_ids(file["content"], demo, path))
    except ValidationError as error:
        raise ConfigError(flatten(path, error.messages_dict)) from error
    return record_id(demo.id, "template", file["id"]), content


def _with_ids(content: dict[str, Any], demo: DemoSite, path: Path) -> dict[str, Any]:
    locations = {location.slug: location.id for location in demo.locations}
    aspects = {aspect.slug: aspect.id for aspect in demo.aspects}
    faults: list[str] = []
    for section in content.get("sections", []):
        _name(section, "location", locations, f"{path}: section {section.get('id')}", faults)
        for item in section.get("items", []):
            _name(item, "aspect", aspects, f"{path}: item {item.get('id')}", faults)
    if faults:
        raise ConfigError(faults)
    return content


def _name(entry: dict[str, Any], key: str, known: dict[str, str], where: str, faults: list[str]) -> None:
    """Put the record's id in place of the file's short one."""
    slug = entry.get(key)
    if slug is None:
        return
    if slug in known:
        entry[key] = known[slug]
    else:
        faults.append(f"{where}: there is no {key} '{slug}'; there are {', '.join(sorted(known))}")
