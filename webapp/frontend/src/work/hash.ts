export const toHex = (buffer: ArrayBuffer): string =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Only secure origins can hash. Without it nothing can be recorded that could be proven later. */
export const canHash = (): boolean => globalThis.crypto?.subtle !== undefined;

export const sha256 = async (bytes: BufferSource): Promise<string> =>
  toHex(await crypto.subtle.digest("SHA-256", bytes));
