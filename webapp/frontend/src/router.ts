import { signal } from "@preact/signals";

export type Route =
  | { screen: "today" }
  | { screen: "live" }
  | { screen: "point"; device: string; metric: string }
  | { screen: "alarms"; ended: boolean }
  | { screen: "alarm"; id: string; ended: boolean }
  /** `location`: the place whose label was scanned. */
  | { screen: "walkthroughs"; location: string | null }
  | { screen: "walkthrough"; id: string }
  | { screen: "item"; id: string; item: string }
  | { screen: "finding"; id: string; finding: string | null; item: string | null }
  | { screen: "finish"; id: string }
  | { screen: "aspects" }
  | { screen: "aspect"; id: string }
  | { screen: "devices" }
  | { screen: "device"; id: string }
  | { screen: "label"; token: string }
  | { screen: "phone" }
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

const UNKNOWN: Route = { screen: "unknown" };

/** `/walkthroughs`, one, and what is inside one. */
function parseWalkthrough([id, part, what, ...rest]: string[], query: URLSearchParams): Route {
  if (rest.length > 0) return UNKNOWN;
  if (!id) return { screen: "walkthroughs", location: query.get("location") };
  if (!part) return { screen: "walkthrough", id };
  if (part === "finish" && !what) return { screen: "finish", id };
  if (part === "items" && what) return { screen: "item", id, item: what };
  if (part === "findings" && what)
    return {
      screen: "finding",
      id,
      finding: what === "new" ? null : what,
      item: query.get("item"),
    };
  return UNKNOWN;
}

/** Screens of one thing. `d` and `l` are what labels say: the server sends them on; without a network the app does. */
const OF_ONE: ReadonlyMap<string, (id: string) => Route> = new Map([
  ["aspects", (id: string): Route => ({ screen: "aspect", id })],
  ["devices", (id: string): Route => ({ screen: "device", id })],
  ["d", (id: string): Route => ({ screen: "device", id })],
  // Only the server knows which place that is.
  ["l", (token: string): Route => ({ screen: "label", token })],
]);

/** Screens with at most an id behind their name. */
function parseShort(first: string, second: string | undefined, query: URLSearchParams): Route {
  const ended = query.has("ended");
  if (first === "alarms")
    return second ? { screen: "alarm", id: second, ended } : { screen: "alarms", ended };
  if (second) return OF_ONE.get(first)?.(second) ?? UNKNOWN;
  switch (first) {
    case "aspects":
    case "devices":
    case "live":
    case "phone":
      return { screen: first };
    case "sign-in":
      return { screen: "sign-in", next: safeNext(query.get("next")) };
    default:
      return UNKNOWN;
  }
}

export function parseRoute(address: string): Route {
  const url = new URL(address, "http://local.invalid");
  const parts = url.pathname.split("/").filter(Boolean).map(decode);
  const [first, second, third, ...rest] = parts;
  if (!first) return { screen: "today" };
  if (first === "walkthroughs") return parseWalkthrough(parts.slice(1), url.searchParams);
  if (first === "live" && second && third && rest.length === 0)
    return { screen: "point", device: second, metric: third };
  return third ? UNKNOWN : parseShort(first, second, url.searchParams);
}

export const pointPath = (device: string, metric: string): string =>
  `/live/${encodeURIComponent(device)}/${encodeURIComponent(metric)}`;
/** `ended` keeps the list that the alarm was chosen from beside it. */
export const alarmPath = (id: string, ended = false): string =>
  `/alarms/${encodeURIComponent(id)}${ended ? "?ended" : ""}`;
export const placePath = (location: string): string =>
  `/walkthroughs?location=${encodeURIComponent(location)}`;
export const walkthroughPath = (id: string): string => `/walkthroughs/${encodeURIComponent(id)}`;
export const itemPath = (id: string, item: string): string =>
  `${walkthroughPath(id)}/items/${encodeURIComponent(item)}`;
/** Without an id: a finding that is about to be made, at a question or at none. */
export function findingPath(
  id: string,
  finding: string | null,
  item: string | null = null,
): string {
  const path = `${walkthroughPath(id)}/findings/`;
  if (finding) return path + encodeURIComponent(finding);
  return item ? `${path}new?item=${encodeURIComponent(item)}` : `${path}new`;
}
export const finishPath = (id: string): string => `${walkthroughPath(id)}/finish`;
export const aspectPath = (id: string): string => `/aspects/${encodeURIComponent(id)}`;
export const devicePath = (id: string): string => `/devices/${encodeURIComponent(id)}`;
/** A page of the server, not of this app: opened in a tab of its own. */
export const reportUrl = (id: string): string => `/reports/inspections/${encodeURIComponent(id)}`;
export const signInPath = (next: string): string =>
  safeNext(next) === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;

const here = (): string => location.pathname + location.search;

/** Work with one hand: the phone's tabs make room for what is being recorded. */
export const isFocused = ({ screen }: Route): boolean =>
  screen === "item" || screen === "finding" || screen === "finish";
/** Inside one walkthrough, where the app does not offer to change itself. */
export const isInside = (at: Route): boolean => isFocused(at) || at.screen === "walkthrough";

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
