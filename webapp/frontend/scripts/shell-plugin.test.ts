import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rolldown } from "vite";
import { expect, it } from "vitest";
import { describeShell } from "./shell-plugin.ts";
import { firstLoad } from "./size.ts";

function bundle(code: string): Rolldown.OutputBundle {
  const chunk = (fileName: string, isEntry: boolean, imports: string[], css: string[] = []) => ({
    type: "chunk",
    fileName,
    isEntry,
    imports,
    code,
    viteMetadata: { importedCss: new Set(css) },
  });
  return {
    "sw.js": chunk("sw.js", true, []),
    "assets/main-1.js": chunk(
      "assets/main-1.js",
      true,
      ["assets/shared-2.js"],
      ["assets/main-3.css"],
    ),
    "assets/shared-2.js": chunk("assets/shared-2.js", false, []),
    "assets/chart-4.js": chunk("assets/chart-4.js", false, ["assets/shared-2.js"]),
    "assets/main-3.css": { type: "asset", fileName: "assets/main-3.css", source: "a{}" },
  } as unknown as Rolldown.OutputBundle;
}

function publicFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "shell-"));
  writeFileSync(join(folder, "manifest.webmanifest"), "{}");
  return folder;
}

it("tells the files of the first screen from those that can wait", () => {
  const { shell, lazy } = describeShell(bundle("1"), publicFolder());
  expect(shell).toEqual([
    "/",
    "/assets/main-1.js",
    "/assets/main-3.css",
    "/assets/shared-2.js",
    "/manifest.webmanifest",
  ]);
  expect(lazy).toEqual(["/assets/chart-4.js"]);
});

it("has another version as soon as any content differs", () => {
  const folder = publicFolder();
  const before = describeShell(bundle("1"), folder).version;
  expect(describeShell(bundle("1"), folder).version).toBe(before);
  expect(describeShell(bundle("2"), folder).version).not.toBe(before);
  writeFileSync(join(folder, "manifest.webmanifest"), "{ }");
  expect(describeShell(bundle("1"), folder).version).not.toBe(before);
});

it("counts only static imports for the size of the first load", () => {
  const manifest = {
    "index.html": { file: "main.js", isEntry: true, imports: ["_shared"], css: ["main.css"] },
    _shared: { file: "shared.js" },
    chart: { file: "chart.js" },
  };
  expect([...firstLoad(manifest)]).toEqual(["main.js", "main.css", "shared.js"]);
  expect(() => firstLoad({})).toThrow("no entry");
});
