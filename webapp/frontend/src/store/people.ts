/** Who works with this phone: kept apart from the session, so that their unsent work can go on without it. */

import type { Me } from "../api/types";
import { read, write } from "../work/db";
import type { Author } from "../work/types";

const PREFIX = "person:";
const key = (id: string): string => PREFIX + id;

export const keepPerson = (me: Me): Promise<void> =>
  write(["meta"], async (tx) => void (await tx.objectStore("meta").put(me, key(me.user.id))));

/** Rows of this person that the server has not confirmed: to warn of before signing out. */
export async function unsentOf(user: string): Promise<number> {
  const rows = await read(["outbox"], (tx) => tx.objectStore("outbox").getAll());
  return rows.filter((row) => row.author.id === user).length;
}

/** People who have nothing unfinished or unsent on this phone leave no trace on it. */
export function forgetPeople(): Promise<void> {
  return write(["meta", "inspections", "outbox"], async (tx) => {
    const drafts = await tx.objectStore("inspections").getAll();
    const rows = await tx.objectStore("outbox").getAll();
    const busy = new Set([
      ...drafts.filter((row) => row.state === "draft").map((row) => key(row.author.id)),
      ...rows.map((row) => key(row.author.id)),
    ]);
    const meta = tx.objectStore("meta");
    const known = await meta.getAllKeys(IDBKeyRange.bound(PREFIX, `${PREFIX}\uffff`));
    for (const name of known) if (!busy.has(name)) await meta.delete(name);
  });
}

async function sitesOf(author: Author): Promise<Me["sites"]> {
  const all = await read(["inspections"], (tx) => tx.objectStore("inspections").getAll());
  const own = all.filter((row) => row.author.id === author.id).map((row) => row.site);
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set(own)].map((id) => ({ id, name: id, timezone }));
}

/** Enough of a person to draw their walkthroughs by: as last confirmed, or pieced together from their records. */
export async function personOf(author: Author): Promise<Me> {
  const stored = await read(["meta"], (tx) => tx.objectStore("meta").get(key(author.id)));
  const known = stored as Me | undefined;
  const user = { id: author.id, username: author.username, name: author.name };
  return {
    user,
    role: "inspector",
    roles: ["inspector"],
    sites: known?.sites ?? (await sitesOf(author)),
  };
}
