/** Work on the bytes of photos: runs in the capture worker, and in the page where there is no worker. */

import { sha256 } from "./hash";

export const THUMB_EDGE = 480;
const QUALITY = 0.8;

export interface Hashed {
  bytes: ArrayBuffer;
  sha256: string;
}

export async function readAndHash(file: Blob): Promise<Hashed> {
  const bytes = await file.arrayBuffer();
  return { bytes, sha256: await sha256(bytes) };
}

type Canvas = OffscreenCanvas | HTMLCanvasElement;

function canvasOf(width: number, height: number): Canvas {
  if (typeof OffscreenCanvas !== "undefined") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

function encode(canvas: Canvas): Promise<Blob> {
  if ("convertToBlob" in canvas)
    return canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return new Promise((done, fail) => {
    const take = (blob: Blob | null): void => (blob ? done(blob) : fail(new Error("no picture")));
    canvas.toBlob(take, "image/jpeg", QUALITY);
  });
}

/** A small picture for the screen, without EXIF. Rejects for what the browser cannot decode: the photo stays kept. */
export async function makeThumb(bytes: ArrayBuffer, mime: string): Promise<ArrayBuffer> {
  const options = { imageOrientation: "from-image", resizeWidth: THUMB_EDGE } as const;
  const picture = await createImageBitmap(new Blob([bytes], { type: mime }), {
    ...options,
    resizeQuality: "medium",
  });
  const scale = Math.min(1, THUMB_EDGE / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const canvas = canvasOf(width, height);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D | null;
  context?.drawImage(picture, 0, 0, width, height);
  picture.close();
  if (!context) throw new Error("no canvas");
  return (await encode(canvas)).arrayBuffer();
}
