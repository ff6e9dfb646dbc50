import { handlingOf } from "./requests";

interface Shell {
  version: string;
  shell: string[];
  lazy: string[];
}

declare const self: ServiceWorkerGlobalScope & { __SHELL__: Shell };

// The build writes the list of this version's files in place of this name.
const { version, shell, lazy } = self.__SHELL__;
const PREFIX = "fieldproof-shell-";
const CACHE = PREFIX + version;
const known = new Set([...shell, ...lazy]);

/** Hashed names never change their content; everything else is asked of the server itself. */
const fresh = (path: string): Request =>
  new Request(path, { cache: path.startsWith("/assets/") ? "default" : "reload" });

async function precache(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(shell.map(fresh));
}

async function cacheLazy(): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const path of lazy) {
    if (!(await cache.match(path))) await cache.add(fresh(path));
  }
}

async function dropOldVersions(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function fromShell(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match("/")) ?? fetch(request);
}

async function fromCache(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const path = new URL(request.url).pathname;
  const hit = await cache.match(path);
  if (hit) return hit;
  const answer = await fetch(request);
  if (answer.ok && lazy.includes(path)) await cache.put(path, answer.clone());
  return answer;
}

self.addEventListener("install", (event) => {
  // No skipWaiting here: the running page keeps its own version until the person chooses the new one.
  event.waitUntil(precache());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOldVersions().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const handling = handlingOf(event.request, self.location.origin, known);
  if (handling === "shell") event.respondWith(fromShell(event.request));
  if (handling === "redirect")
    event.respondWith(fetch(event.request).catch(() => fromShell(event.request)));
  if (handling === "asset") event.respondWith(fromCache(event.request));
});

self.addEventListener("message", (event) => {
  if (event.data === "update") void self.skipWaiting();
  if (event.data === "painted") event.waitUntil(cacheLazy());
});
