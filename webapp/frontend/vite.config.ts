import { resolve } from "node:path";
import { defineConfig } from "vite";
import { shellPlugin } from "./scripts/shell-plugin.ts";

const here = import.meta.dirname;

export default defineConfig({
  root: here,
  plugins: [shellPlugin()],
  build: {
    outDir: resolve(here, "../static"),
    emptyOutDir: true,
    manifest: "build-manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    // One origin, http/1.1 at worst: the polyfill only costs bytes.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { main: resolve(here, "index.html"), sw: resolve(here, "src/sw/worker.ts") },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000" } },
});
