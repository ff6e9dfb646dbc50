import { uuid7 } from "../lib/uuid7";
import { getMeta, setMeta, write } from "./db";

let known: Promise<string> | null = null;

/** Made once and kept: it tells two phones of one person apart. */
async function findOrMake(): Promise<string> {
  return write(["meta"], async (tx) => {
    const meta = tx.objectStore("meta");
    const id = ((await meta.get("device")) as string | undefined) ?? uuid7();
    await meta.put(id, "device");
    return id;
  });
}

export function deviceId(): Promise<string> {
  known ??= findOrMake().catch((error: unknown) => {
    known = null;
    throw error;
  });
  return known;
}

let skew: number | null = null;

/** Server time minus the phone's, as last measured; null when it never was. */
export const clockSkew = (): number | null => skew;

export async function loadSkew(): Promise<void> {
  skew = (await getMeta<number>("skew")) ?? null;
}

export async function noteSkew(measured: number): Promise<void> {
  skew = Math.round(measured);
  await setMeta("skew", skew);
}

export interface Circumstances {
  deviceId: string;
  utcOffsetMin: number;
  skewMs: number | null;
}

/** What every record carries, so that a wrong clock can be told from a right one years later. */
export async function circumstances(): Promise<Circumstances> {
  return {
    deviceId: await deviceId(),
    // getTimezoneOffset counts westwards, and may give -0, which is no JSON of ours.
    utcOffsetMin: -new Date().getTimezoneOffset() || 0,
    skewMs: skew,
  };
}
