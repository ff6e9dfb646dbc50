/** What goes over the wire, field by field. The digests are taken of these very objects. */

import type { Answer, Capture, Finding, Inspection } from "./types";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Body = { [key: string]: Json };

export interface Manifest {
  sha256: string;
  size: number;
  mime: string;
}

export interface SubmitBody {
  content_sha256: string;
  answers: string[];
  findings: string[];
  photos: Manifest[];
  submitted_at: string;
  device_id: string;
}

export const iso = (at: number): string => new Date(at).toISOString();

/** Values and snapshots are plain data made by ourselves; the cast says so once. */
const plain = (value: unknown): Json => value as Json;

export function headerBody(inspection: Inspection): Body {
  return {
    site: inspection.site,
    template: inspection.template.id,
    template_version: inspection.template.version,
    started_at: iso(inspection.startedAt),
    device_id: inspection.deviceId,
    utc_offset_min: inspection.utcOffsetMin,
    skew_ms: inspection.skewMs,
  };
}

export function answerBody(answer: Omit<Answer, "sha256">): Body {
  return {
    item: answer.item,
    repeat: answer.repeat,
    value: plain(answer.value),
    note: answer.note,
    aspect: answer.aspect,
    location: answer.location,
    reading: plain(answer.reading),
    photos: answer.photos,
    answered_at: iso(answer.answeredAt),
    device_id: answer.deviceId,
    replaces: answer.replaces,
    utc_offset_min: answer.utcOffsetMin,
    skew_ms: answer.skewMs,
  };
}

export function findingBody(finding: Omit<Finding, "sha256">): Body {
  return {
    site: finding.site,
    inspection: finding.inspection,
    item: finding.item,
    kind: finding.kind,
    text: finding.text,
    aspect: finding.aspect,
    location: finding.location,
    photos: finding.photos,
    found_at: iso(finding.foundAt),
    device_id: finding.deviceId,
    utc_offset_min: finding.utcOffsetMin,
    skew_ms: finding.skewMs,
  };
}

export function linkBody(capture: Capture): Body {
  const { position } = capture;
  return {
    inspection: capture.inspection,
    answer: capture.answer,
    item: capture.item,
    finding: capture.finding,
    aspect: capture.aspect,
    location: capture.location,
    device: null,
    caption: capture.caption,
    captured_at: iso(capture.capturedAt),
    lat: position?.lat ?? null,
    lon: position?.lon ?? null,
    accuracy: position?.accuracy ?? null,
    located_at: position ? iso(position.at) : null,
    source: capture.source,
    device_id: capture.deviceId,
    utc_offset_min: capture.utcOffsetMin,
    skew_ms: capture.skewMs,
  };
}
