import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Plugin, Rolldown } from "vite";

const WORKER = "sw.js";

type Bundle = Rolldown.OutputBundle;

interface Shell {
  version: string;
  shell: string[];
  lazy: string[];
}

/** Everything the entry page needs to start, found by walking static imports only. */
function firstLoad(bundle: Bundle): Set<string> {
  const found = new Set<string>();
  const visit = (file: string): void => {
    const item = bundle[file];
    if (found.has(file) || item?.type !== "chunk") return;
    found.add(file);
    for (const css of item.viteMetadata?.importedCss ?? []) found.add(css);
    item.imports.forEach(visit);
  };
  for (const item of Object.values(bundle)) {
    if (item.type === "chunk" && item.isEntry && item.fileName !== WORKER) visit(item.fileName);
  }
  return found;
}

function publicFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function contentHash(bundle: Bundle, folder: string, files: string[]): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(bundle).sort()) {
    const item = bundle[name];
    hash.update(name);
    // Maps do not change what runs; the worker holds the hash and cannot be part of it.
    if (item?.type === "asset" && !name.endsWith(".map")) hash.update(item.source);
    if (item?.type === "chunk") hash.update(item.code);
  }
  for (const name of files) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}

export function describeShell(bundle: Bundle, folder: string): Shell {
  const files = publicFiles(folder);
  const first = firstLoad(bundle);
  const hashed = Object.keys(bundle).filter(
    (name) => name.startsWith("assets/") && !name.endsWith(".map"),
  );
  return {
    version: contentHash(bundle, folder, files),
    shell: ["/", ...[...first].map((name) => `/${name}`), ...files.map((name) => `/${name}`)],
    lazy: hashed.filter((name) => !first.has(name)).map((name) => `/${name}`),
  };
}

/** Writes the list of files of this very build into the service worker. */
export function shellPlugin(): Plugin {
  let publicDir = "";
  return {
    name: "fieldproof-shell",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const worker = bundle[WORKER];
        if (worker?.type !== "chunk") this.error("the service worker was not built");
        if (worker.imports.length > 0) this.error("the service worker must be one file");
        const shell = JSON.stringify(describeShell(bundle, publicDir));
        const code = worker.code.replace(/\b(?:globalThis|self)\.__SHELL__\b/, () => shell);
        if (code === worker.code) this.error("the service worker has no place for its file list");
        worker.code = code;
      },
    },
  };
}
