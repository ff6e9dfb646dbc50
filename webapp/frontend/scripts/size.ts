import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";

const STATIC = resolve(import.meta.dirname, "../../static");
const LIMITS = { js: 60 * 1024, css: 15 * 1024 };

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
}
type Manifest = Record<string, Chunk>;

function readManifest(): Manifest {
  const path = resolve(STATIC, "build-manifest.json");
  if (!existsSync(path)) throw new Error("no build found: run `npm run build` first");
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}

/** Files the browser loads before the first screen: the page's entry and its static imports. */
export function firstLoad(manifest: Manifest, entry = "index.html"): Set<string> {
  const files = new Set<string>();
  const visit = (key: string): void => {
    const chunk = manifest[key];
    if (!chunk) throw new Error(`the manifest has no entry "${key}"`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const next of chunk.imports ?? []) visit(next);
  };
  visit(entry);
  return files;
}

function gzipSize(file: string): number {
  return gzipSync(readFileSync(resolve(STATIC, file)), { level: 9 }).length;
}

function report(kind: keyof typeof LIMITS, files: string[]): boolean {
  const total = files.reduce((sum, file) => sum + gzipSize(file), 0);
  const ok = files.length > 0 && total <= LIMITS[kind];
  const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
  const verdict = ok ? "ok" : "TOO LARGE";
  process.stdout.write(
    `first load ${kind}: ${kib(total)} KiB gzip of ${kib(LIMITS[kind])} allowed: ${verdict}\n`,
  );
  for (const file of files) process.stdout.write(`  ${kib(gzipSize(file)).padStart(6)}  ${file}\n`);
  return ok;
}

function main(): void {
  const files = [...firstLoad(readManifest())];
  const results = [
    report(
      "js",
      files.filter((file) => file.endsWith(".js")),
    ),
    report(
      "css",
      files.filter((file) => file.endsWith(".css")),
    ),
  ];
  if (results.includes(false)) process.exitCode = 1;
}

if (import.meta.main) main();
