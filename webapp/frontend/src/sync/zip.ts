/** The way out when the network never comes: everything unsent, with its photos, in one file that a manager imports. */

import { makeZip } from "client-zip";
import {
  answerBody,
  type Body,
  findingBody,
  headerBody,
  type Json,
  linkBody,
  type Manifest,
  type SubmitBody,
} from "../work/bodies";
import { read } from "../work/db";
import { deviceId } from "../work/device";
import { manifestOf } from "../work/manifest";
import { answerRows, captureRows, capturesOfPhoto, findingRows, photoBytes } from "../work/rows";
import type { Author, Capture, Finding, Inspection } from "../work/types";
import { allRows } from "./outbox";

const FORMAT = { format: "fieldproof-inspections", version: 1 };

interface Entry {
  name: string;
  input: string | ArrayBuffer;
}

const plain = (author: Author): Body => ({
  id: author.id,
  username: author.username,
  name: author.name,
});

const findingEntry = (finding: Finding): Body => ({
  id: finding.id,
  author: plain(finding.author),
  body: findingBody(finding),
});

const linkEntry = (capture: Capture): Body => ({
  id: capture.id,
  sha256: capture.sha256,
  author: plain(capture.author),
  body: linkBody(capture),
});

interface Written {
  json: Json;
  photos: Manifest[];
}

/** What was made on this phone; what came from the server is there already. */
async function inspectionEntry(inspection: Inspection): Promise<Written> {
  const { id } = inspection;
  const answers = (await answerRows(id)).filter((answer) => answer.here);
  const findings = (await findingRows(id)).filter((finding) => finding.here);
  const captures = (await captureRows(id)).filter((capture) => capture.here);
  const submit = await read(["submissions"], (tx) => tx.objectStore("submissions").get(id));
  const photos = manifestOf(captures);
  const json = {
    id,
    author: plain(inspection.author),
    header: headerBody(inspection),
    answers: answers.map((answer) => ({
      id: answer.id,
      author: plain(answer.author),
      body: answerBody(answer),
    })),
    findings: findings.map(findingEntry),
    links: captures.map(linkEntry),
    submit: (submit as (SubmitBody & Body) | undefined) ?? null,
    photos: photos as (Manifest & Body)[],
  };
  return { json, photos };
}

/** Walkthroughs of which anything is unsent, whoever's. A photo of several has one row, which names the last of them. */
async function unsent(): Promise<Inspection[]> {
  const rows = await allRows();
  const ids = new Set(rows.map((row) => row.inspection));
  for (const { kind, ref } of rows) {
    const captures = kind === "photo" ? await capturesOfPhoto(ref) : [];
    for (const { inspection, here } of captures) if (here) ids.add(inspection);
  }
  const all = await read(["inspections"], (tx) => tx.objectStore("inspections").getAll());
  return all.filter((inspection) => ids.has(inspection.id));
}

/** Findings that belong to no walkthrough, with what is unsent of them. Null when there is nothing. */
async function looseEntry(): Promise<Written | null> {
  const refs = new Set(
    (await allRows()).filter((row) => row.inspection === null).map((row) => row.ref),
  );
  const findings = (await findingRows("")).filter((finding) => refs.has(finding.id));
  const ids = new Set(findings.map((finding) => finding.id));
  const captures = (await captureRows("")).filter(
    ({ id, sha256, finding }) => refs.has(id) || refs.has(sha256) || ids.has(finding ?? ""),
  );
  if (findings.length + captures.length === 0) return null;
  const photos = manifestOf(captures);
  const json = {
    findings: findings.map(findingEntry),
    links: captures.map(linkEntry),
    photos: photos as (Manifest & Body)[],
  };
  return { json, photos };
}

const text = (json: Json): string => JSON.stringify(json, null, 2);

async function head(open: Inspection[]): Promise<Entry> {
  const json = {
    ...FORMAT,
    exported_at: new Date().toISOString(),
    device_id: await deviceId(),
    inspections: open.map((inspection) => inspection.id),
  };
  return { name: "fieldproof.json", input: text(json) };
}

/** One photo in memory at a time. One that was freed is at the server, with a receipt, and is left out. */
async function* entries(): AsyncGenerator<Entry> {
  const open = await unsent();
  yield head(open);
  const photos = new Set<string>();
  for (const inspection of open) {
    const { json, photos: named } = await inspectionEntry(inspection);
    yield { name: `inspections/${inspection.id}.json`, input: text(json) };
    for (const photo of named) photos.add(photo.sha256);
  }
  const loose = await looseEntry();
  if (loose) yield { name: "findings.json", input: text(loose.json) };
  for (const photo of loose?.photos ?? []) photos.add(photo.sha256);
  for (const sha of photos) {
    const bytes = await photoBytes(sha);
    if (bytes) yield { name: `photos/${sha}`, input: bytes };
  }
}

export async function buildZip(): Promise<Blob> {
  return new Response(makeZip(entries()), {
    headers: { "Content-Type": "application/zip" },
  }).blob();
}
