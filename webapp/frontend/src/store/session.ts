import { computed, signal } from "@preact/signals";
import { ApiError, whenSignedOut } from "../api/client";
import * as api from "../api/endpoints";
import type { Me, Site } from "../api/types";
import { forgetAll, loadMe, saveMe } from "../db/cache";
import { readPref, writePref } from "../db/prefs";

export type Session =
  | { status: "loading" }
  | { status: "unreachable" }
  | { status: "signed-out"; expired: boolean }
  | { status: "signed-in"; me: Me; confirmed: boolean };

export const session = signal<Session>({ status: "loading" });
const chosenSite = signal<string | null>(readPref("site"));

export const me = computed<Me | null>(() =>
  session.value.status === "signed-in" ? session.value.me : null,
);

export const site = computed<Site | null>(() => {
  const sites = me.value?.sites ?? [];
  return sites.find((item) => item.id === chosenSite.value) ?? sites[0] ?? null;
});

/** Changes only when the site does, not when the same site is confirmed by the server. */
export const siteId = computed<string | null>(() => site.value?.id ?? null);

export const zone = computed<string>(() => site.value?.timezone ?? "UTC");

/** Auditors read everything and change nothing: they get no buttons at all. */
export const mayAct = computed<boolean>(() => me.value?.roles.includes("inspector") ?? false);

export function chooseSite(id: string): void {
  chosenSite.value = id;
  writePref("site", id);
}

function confirm(answer: Me): void {
  session.value = { status: "signed-in", me: answer, confirmed: true };
  void saveMe(answer);
}

export async function resume(): Promise<void> {
  try {
    confirm(await api.getMe());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      await forgetAll();
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
}

export async function signOut(): Promise<void> {
  await api.signOut();
  await forgetAll();
  session.value = { status: "signed-out", expired: false };
}

whenSignedOut(() => {
  const was = session.peek().status;
  // At the start nobody was signed in, so nothing has "ended".
  if (was !== "signed-in") return;
  // Who is not signed in any more must not read on from what was kept here for them.
  void forgetAll();
  session.value = { status: "signed-out", expired: true };
});
