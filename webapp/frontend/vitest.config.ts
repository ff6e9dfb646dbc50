import { defineConfig } from "vitest/config";

// Apart from vite.config.ts, which must load where the test tools are not installed.
export default defineConfig({
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"],
  },
});
