import { iso } from "../work/bodies";
import type { Author, Capture } from "../work/types";

/** The cookie may change hands between two requests: the server refuses a row that is not of who is signed in. */
export const authorHeader = ({ id }: Author): Record<string, string> => ({
  "X-Fieldproof-Author": id,
});

const encode = (text: string): string =>
  btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

/** tus sends facts about a file as pairs of a name and a base64 text. */
export function uploadMetadata(capture: Capture): string {
  const { position } = capture;
  const facts: [string, string | null][] = [
    ["sha256", capture.sha256],
    ["mime", capture.mime],
    ["captured_at", iso(capture.capturedAt)],
    ["lat", position ? String(position.lat) : null],
    ["lon", position ? String(position.lon) : null],
    ["accuracy", position ? String(position.accuracy) : null],
    ["inspection", capture.inspection],
  ];
  return facts
    .filter((fact): fact is [string, string] => fact[1] !== null)
    .map(([name, text]) => `${name} ${encode(text)}`)
    .join(",");
}
