import canonicalize from "canonicalize";
import {
  answerBody,
  type Body,
  findingBody,
  headerBody,
  type Json,
  linkBody,
  type Manifest,
} from "./bodies";
import { sha256 } from "./hash";
import type { Answer, Capture, Finding, Inspection } from "./types";

export { canHash, sha256 } from "./hash";

// Safari before 16.4 lacks it, and the canonical form must be told of halves of characters there too.
const LONE = /\p{Surrogate}/u;
if (!("isWellFormed" in String.prototype)) {
  Object.defineProperty(String.prototype, "isWellFormed", {
    value(this: string) {
      return !LONE.test(this);
    },
  });
}

/**
 * Half of an emoji, as some keyboards leave it, has no form in UTF-8, and U+0000 none in the server's database: they
 * become the replacement sign.
 */
export const wellFormed = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, "\uFFFD").replaceAll("\0", "\uFFFD");

/** RFC 8785: the same content has the same bytes here and at the server. */
export const canonical = (content: Json): string => canonicalize(content) ?? "null";

export const digest = (content: Json): Promise<string> =>
  sha256(new TextEncoder().encode(canonical(content)));

export const headerDigest = (inspection: Inspection): Promise<string> =>
  digest({ ...headerBody(inspection), id: inspection.id });

export const answerDigest = (answer: Omit<Answer, "sha256">): Promise<string> =>
  digest({ ...answerBody(answer), id: answer.id, inspection: answer.inspection });

export const findingDigest = (finding: Omit<Finding, "sha256">): Promise<string> =>
  digest({ ...findingBody(finding), id: finding.id });

export const linkDigest = (capture: Capture): Promise<string> =>
  digest({ ...linkBody(capture), id: capture.id, photo: capture.sha256 });

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
const named = (rows: { id: string; sha256: string }[]): Body[] =>
  rows.map(({ id, sha256 }) => ({ id, sha256 })).sort(byId);

export function contentDigest(
  inspection: Inspection,
  answers: Answer[],
  findings: Finding[],
  photos: Manifest[],
): Promise<string> {
  const { id, version } = inspection.template;
  return digest({
    inspection: inspection.id,
    template: { id, version },
    answers: named(answers),
    findings: named(findings),
    photos: photos.map((photo) => photo.sha256).sort(),
  });
}
