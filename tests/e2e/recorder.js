// Runs in every page of the phone, before the app: tells each moment in which the page claims that something is on the
// server. What is told goes out by the console, so that it survives a page or browser that is killed right after.
(() => {
  if (window !== window.top) return;
  const DATABASE = "fieldproof-work";
  // The chip speaks for what was finished: a tap from this very moment may not be in the phone's own store yet.
  const SETTLED_MS = 1000;
  const SAMPLE_MS = 500;
  let shown = new Set();
  const chipped = new Set();

  const say = (at, by, items) => {
    if (items.length > 0) console.debug(`claim:${JSON.stringify({ at, by, items })}`);
  };

  function marks() {
    const at = Date.now();
    const now = new Set();
    for (const mark of document.querySelectorAll("[data-sync=server][data-kind][data-ref]")) {
      now.add(`${mark.dataset.kind}:${mark.dataset.ref}`);
    }
    const fresh = [...now].filter((name) => !shown.has(name));
    say(at, "mark", fresh);
    for (const name of fresh) if (name.startsWith("inspection:")) void whole(at, name.slice(11));
    shown = now;
  }

  const chipSaysServer = () =>
    document.querySelector("[data-testid=sync-chip]")?.dataset.state === "server";

  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  async function open() {
    // Opening a database that is not there would make an empty one, in the app's way.
    if (!(await indexedDB.databases()).some(({ name }) => name === DATABASE)) return null;
    const request = indexedDB.open(DATABASE);
    request.onupgradeneeded = () => request.transaction.abort();
    const db = await done(request);
    db.onversionchange = () => db.close();
    return db;
  }

  /** What was made on this phone before that time: of one walkthrough, or of all. */
  async function made(before, inspection = null) {
    const db = await open();
    if (!db) return [];
    const stores = ["inspections", "answers", "findings", "captures"];
    const tx = db.transaction(stores, "readonly");
    const all = await Promise.all(stores.map((name) => done(tx.objectStore(name).getAll())));
    db.close();
    const [inspections, answers, findings, captures] = all;
    const name = (rows, time, kind, key = "id") =>
      rows
        .filter((row) => row.here !== false && row[time] && row[time] <= before)
        .filter((row) => inspection === null || [row.inspection, row.id].includes(inspection))
        .map((row) => `${kind}:${row[key]}`);
    return [
      ...name(answers, "answeredAt", "answer"),
      ...name(findings, "foundAt", "finding"),
      ...name(captures, "capturedAt", "photo", "sha256"),
      ...name(captures, "capturedAt", "link"),
      ...name(inspections, "submittedAt", "submit"),
    ];
  }

  // A walkthrough's mark speaks for all that is in it.
  const whole = (at, inspection) =>
    made(at - SETTLED_MS, inspection)
      .then((items) => say(at, "whole", items))
      .catch(() => undefined);

  // Of what the chip speaks for, only what it had not spoken for before: the server's times do not change.
  async function chip() {
    const at = Date.now();
    if (!chipSaysServer()) return;
    const items = (await made(at - SETTLED_MS)).filter((name) => !chipped.has(name));
    for (const name of items) chipped.add(name);
    say(at, "chip", items);
  }

  const quietly = () => chip().catch(() => undefined);
  let said = false;

  function look() {
    marks();
    const says = chipSaysServer();
    if (says && !said) void quietly();
    said = says;
  }

  const start = () => {
    new MutationObserver(look).observe(document.documentElement, {
      subtree: true,
      childList: true,
      attributes: true,
      attributeFilter: ["data-state", "data-sync", "data-ref", "data-kind"],
    });
    look();
    setInterval(() => void quietly(), SAMPLE_MS);
  };
  if (document.documentElement) start();
  else document.addEventListener("readystatechange", start, { once: true });
})();
