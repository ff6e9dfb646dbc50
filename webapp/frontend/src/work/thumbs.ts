import { read, write } from "./db";
import { capturesOfPhoto, photoBytes } from "./rows";
import type { Capture } from "./types";
import { thumbOf } from "./workbench";

const urls = new Map<string, string>();
const making = new Map<string, Promise<void>>();

async function make({ sha256, mime }: Capture, bytes: ArrayBuffer): Promise<void> {
  const thumb = await thumbOf(bytes, mime);
  if (!thumb) return;
  await write(["thumbs"], async (tx) => void (await tx.objectStore("thumbs").put(thumb, sha256)));
}

/** After the photo is safe; that it fails changes nothing about the photo. */
export function developThumb(capture: Capture, bytes: ArrayBuffer): void {
  const work = make(capture, bytes)
    .catch(() => undefined)
    .finally(() => making.delete(capture.sha256));
  making.set(capture.sha256, work);
}

export const thumbsDone = (): Promise<unknown> => Promise.all(making.values());

const stored = (sha256: string): Promise<ArrayBuffer | undefined> =>
  read(["thumbs"], (tx) => tx.objectStore("thumbs").get(sha256));

/** The page may have been killed between the photo and its small picture: then it is made now. */
async function remade(sha256: string): Promise<ArrayBuffer | undefined> {
  const [capture] = await capturesOfPhoto(sha256);
  const bytes = capture && (await photoBytes(sha256));
  if (!capture || !bytes) return undefined;
  developThumb(capture, bytes);
  await making.get(sha256);
  return stored(sha256);
}

/** Address of the small picture that is kept on this phone; null when there is none. */
export async function thumbUrl(sha256: string): Promise<string | null> {
  const known = urls.get(sha256);
  if (known) return known;
  await making.get(sha256);
  const thumb = (await stored(sha256)) ?? (await remade(sha256));
  if (!thumb) return null;
  const url = urls.get(sha256) ?? URL.createObjectURL(new Blob([thumb], { type: "image/jpeg" }));
  urls.set(sha256, url);
  return url;
}
