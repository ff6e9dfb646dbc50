import { computed, signal } from "@preact/signals";
import { ApiError, whenSignedOut } from "../api/client";
import * as api from "../api/endpoints";
import type { Me, Site } from "../api/types";
import { forgetAll, loadMe, saveMe } from "../db/cache";
import { readPref, writePref } from "../db/prefs";
import { onNews, tellOthers } from "../work/changes";
import { forgetReference } from "../work/db";
import type { Author } from "../work/types";
import { forgetPeople, keepPerson, personOf } from "./people";

export { unsentOf } from "./people";

export type Session =
  | { status: "loading" }
  | { status: "unreachable" }
  | { status: "signed-out"; expired: boolean }
  | { status: "signed-in"; me: Me; confirmed: boolean }
  /** Not signed in, and carrying on with what this person began on this phone. Nothing is sent or fetched. */
  | { status: "paused"; me: Me; confirmed: false };

export const session = signal<Session>({ status: "loading" });
const chosenSite = signal<string | null>(readPref("site"));

export const paused = computed<boolean>(() => session.value.status === "paused");

export const me = computed<Me | null>(() => {
  const current = session.value;
  return current.status === "signed-in" || current.status === "paused" ? current.me : null;
});

export const site = computed<Site | null>(() => {
  const sites = me.value?.sites ?? [];
  return sites.find((item) => item.id === chosenSite.value) ?? sites[0] ?? null;
});

/**
 * Changes only when the site does, not when the same site is confirmed by the server. Null while paused: what follows it
 * asks the server, and nobody is signed in there.
 */
export const siteId = computed<string | null>(() =>
  paused.value ? null : (site.value?.id ?? null),
);

export const zone = computed<string>(() => site.value?.timezone ?? "UTC");

const isInspector = computed<boolean>(() => me.value?.roles.includes("inspector") ?? false);

/** Auditors read everything and change nothing: they get no buttons at all. */
export const mayAct = computed<boolean>(() => isInspector.value && !paused.value);

/** Managers place devices and print their labels. Nobody does without a session: the server must take part. */
export const mayManage = computed<boolean>(
  () => (me.value?.roles.includes("manager") ?? false) && !paused.value,
);

/** Devices without a site are shown to who may place them, and to auditors; the server decides of which. */
export const mayLookWithin = computed<boolean>(
  () =>
    (me.value?.roles.some((role) => role === "manager" || role === "auditor") ?? false) &&
    !paused.value,
);

/** Recording goes into the phone first, so it needs neither network nor session. */
export const mayRecord = computed<boolean>(() => isInspector.value);

export function chooseSite(id: string): void {
  chosenSite.value = id;
  writePref("site", id);
}

function confirm(answer: Me): void {
  session.value = { status: "signed-in", me: answer, confirmed: true };
  void saveMe(answer);
  void keepPerson(answer).catch(() => undefined);
}

/** What the server lent must not be readable after a session. What people recorded here stays: it may be unsent. */
async function forgetKnown(): Promise<void> {
  await forgetAll();
  await Promise.all([forgetReference(), forgetPeople()]).catch(() => undefined);
}

export async function resume(): Promise<void> {
  try {
    confirm(await api.getMe());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401 && error.code !== "") {
      await forgetKnown();
      session.value = { status: "signed-out", expired: false };
      return;
    }
    const known = await loadMe();
    session.value = known
      ? { status: "signed-in", me: known, confirmed: false }
      : { status: "unreachable" };
  }
}

/** Roles and sites may have changed while we were showing what was kept. */
export async function confirmSession(): Promise<void> {
  const current = session.peek();
  if (current.status !== "signed-in" || current.confirmed) return;
  await api.getMe().then(confirm, () => undefined);
}

export async function signIn(username: string, password: string): Promise<void> {
  confirm(await api.signIn(username, password));
  tellOthers({ kind: "session" });
}

export async function signOut(): Promise<void> {
  await api.signOut();
  await forgetKnown();
  session.value = { status: "signed-out", expired: false };
  tellOthers({ kind: "session" });
}

/** Carries on with this person's walkthroughs on this phone without being signed in; signing in resumes the sending. */
export async function carryOn(author: Author): Promise<void> {
  session.value = { status: "paused", me: await personOf(author), confirmed: false };
}

export function leavePaused(): void {
  if (paused.peek()) session.value = { status: "signed-out", expired: false };
}

whenSignedOut(() => {
  const was = session.peek().status;
  // At the start nobody was signed in, so nothing has "ended".
  if (was !== "signed-in") return;
  // Who is not signed in any more must not read on from what was kept here for them.
  void forgetKnown();
  session.value = { status: "signed-out", expired: true };
});

// Another tab signed somebody in or out, and the cookie is shared: what is sent from here would go under that name.
onNews((news) => {
  const { status } = session.peek();
  if (news.kind === "session" && status !== "loading" && status !== "paused") void resume();
});
