import { afterEach, beforeEach, vi } from "vitest";
import type { Json } from "../work/bodies";
import { digest } from "../work/digest";
import { startInspection } from "../work/record";
import type { Inspection, OutboxRow } from "../work/types";
import { FakeServer } from "./fake-server";
import { INES, SITE, TEMPLATE } from "./fixtures";
import { freshPhone, stored } from "./phone";

/** A walkthrough just begun on a fresh phone, and a server that knows nothing of it yet: anew for each test. */
export const bench = {} as { server: FakeServer; walk: Inspection };

export const begin = (): Promise<Inspection> => startInspection(TEMPLATE, SITE, INES);

export const row = async (key: string): Promise<OutboxRow | undefined> =>
  (await stored<OutboxRow>("outbox")).find((one) => one.key === key);

export const changes = (): string[] =>
  bench.server.calls
    .filter(({ method }) => !["GET", "HEAD"].includes(method))
    .map(({ path }) => path);

/** Another device's change, as the server keeps it. */
export async function changedThere(id: string, text: string): Promise<void> {
  const known = bench.server.rows.get(id);
  if (!known) throw new Error(`no ${id}`);
  const body = { ...(known.body as Record<string, Json>), text };
  const sha256 = await digest(body);
  bench.server.rows.set(id, { ...known, body, sha256, revision: known.revision + 1 });
}

export function onAFreshPhone(): void {
  beforeEach(async () => {
    await freshPhone();
    bench.server = new FakeServer(INES);
    bench.server.install();
    bench.walk = await begin();
  });
  afterEach(() => vi.unstubAllGlobals());
}
