export type Handling = "network" | "shell" | "asset" | "redirect";

// Reports are pages that the server renders: they need the newest state, and a browser that can print them.
const SERVER_ONLY = /^\/(api\/|reports\/|healthz$|readyz$|metrics$|sw\.js$)/;

// The label of a place: the server knows where it leads; without one the app says so.
const PLACE_LABEL = /^\/l\//;

interface RequestFacts {
  method: string;
  mode: string;
  url: string;
}

/** What the worker may do with a request. Anything not surely ours goes to the network untouched. */
export function handlingOf(
  request: RequestFacts,
  origin: string,
  cached: ReadonlySet<string>,
): Handling {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin) return "network";
  if (SERVER_ONLY.test(url.pathname)) return "network";
  if (request.mode === "navigate") return PLACE_LABEL.test(url.pathname) ? "redirect" : "shell";
  return cached.has(url.pathname) ? "asset" : "network";
}
