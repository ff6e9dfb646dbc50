/** The same judgement as the server's `webapp/evidence/sniff.py`: by the first bytes, not by name or claim. */

export const MAX_PHOTO_BYTES = 64 << 20;
export const HEAD_BYTES = 128;

const HEIC = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"]);
const HEIF = new Set(["mif1", "mif2", "msf1"]);
const AVIF = new Set(["avif", "avis"]);

const text = (head: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...head.subarray(from, to));

function heif(head: Uint8Array): string | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const end = Math.min(view.getUint32(0), head.length);
  const major = text(head, 8, 12);
  const compatible: string[] = [];
  for (let at = 16; at + 4 <= end; at += 4) compatible.push(text(head, at, at + 4));
  if (HEIC.has(major)) return "image/heic";
  const isAvif = compatible.some((brand) => AVIF.has(brand));
  const isHeic = compatible.some((brand) => HEIC.has(brand));
  return HEIF.has(major) && (isHeic || !isAvif) ? "image/heif" : null;
}

/** The media type of a photo, or null for everything that is none. */
export function mimeOf(head: Uint8Array): string | null {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "image/jpeg";
  if (text(head, 0, 8) === "\x89PNG\r\n\x1a\n") return "image/png";
  if (text(head, 0, 4) === "RIFF" && /^WEBPVP8[ LX]$/.test(text(head, 8, 16))) return "image/webp";
  return head.length >= 12 && text(head, 4, 8) === "ftyp" ? heif(head) : null;
}
