import { signal } from "@preact/signals";

export type Route =
  | { screen: "today" }
  | { screen: "live" }
  | { screen: "point"; device: string; metric: string }
  | { screen: "alarms"; ended: boolean }
  | { screen: "alarm"; id: string; ended: boolean }
  | { screen: "sign-in"; next: string }
  | { screen: "unknown" };

/** Only our own paths: a link must not be able to send a person elsewhere after signing in. */
export function safeNext(text: string | null): string {
  return text && /^\/(?![/\\])/.test(text) && !text.startsWith("/sign-in") ? text : "/";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parseRoute(address: string): Route {
  const url = new URL(address, "http://local.invalid");
  const [first, second, third, ...rest] = url.pathname.split("/").filter(Boolean).map(decode);
  if (rest.length > 0) return { screen: "unknown" };
  if (!first) return { screen: "today" };
  if (first === "live" && !second) return { screen: "live" };
  if (first === "live" && second && third)
    return { screen: "point", device: second, metric: third };
  const ended = url.searchParams.has("ended");
  if (first === "alarms" && !second) return { screen: "alarms", ended };
  if (first === "alarms" && second && !third) return { screen: "alarm", id: second, ended };
  if (first === "sign-in" && !second)
    return { screen: "sign-in", next: safeNext(url.searchParams.get("next")) };
  return { screen: "unknown" };
}

export const pointPath = (device: string, metric: string): string =>
  `/live/${encodeURIComponent(device)}/${encodeURIComponent(metric)}`;
/** `ended` keeps the list that the alarm was chosen from beside it. */
export const alarmPath = (id: string, ended = false): string =>
  `/alarms/${encodeURIComponent(id)}${ended ? "?ended" : ""}`;
export const signInPath = (next: string): string =>
  safeNext(next) === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;

const here = (): string => location.pathname + location.search;

export const address = signal("/");
export const route = signal<Route>({ screen: "today" });

function show(): void {
  address.value = here();
  route.value = parseRoute(here());
}

export function navigate(path: string, replace = false): void {
  if (path === here()) return;
  if (replace) history.replaceState(null, "", path);
  else history.pushState({ inside: true }, "", path);
  show();
  if (!replace) scrollTo(0, 0);
}

/** One step back when we came from within, else to where the screen belongs. */
export function goBack(parent: string): void {
  const inside = (history.state as { inside?: boolean } | null)?.inside;
  if (inside) history.back();
  else navigate(parent, true);
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest("a");
  if (!link || link.target || link.origin !== location.origin || link.hasAttribute("download"))
    return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}

export function startRouter(): void {
  show();
  addEventListener("popstate", show);
  document.addEventListener("click", followLink);
}
