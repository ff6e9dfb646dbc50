/**
 * Walkthroughs of which it is not known any more what the server has, because its database was set back; "" stands for
 * records of none. Until each was looked at, nothing is claimed of it and none of its photos is given up.
 */

import type { ReadTx, WriteTx } from "./db";

const KEY = "doubted";

/** What only reads is the same in both kinds of transaction. */
export const doubted = async (tx: ReadTx | WriteTx): Promise<string[]> =>
  ((await (tx as ReadTx).objectStore("meta").get(KEY)) as string[] | undefined) ?? [];

export async function doubt(tx: WriteTx, ids: Iterable<string>): Promise<void> {
  await tx.objectStore("meta").put([...new Set([...(await doubted(tx)), ...ids])], KEY);
}

export async function settleDoubt(tx: WriteTx, id: string): Promise<void> {
  const left = (await doubted(tx)).filter((one) => one !== id);
  await tx.objectStore("meta").put(left, KEY);
}
