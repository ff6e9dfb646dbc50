import { expect, it } from "vitest";
import { handlingOf } from "./requests";

const ORIGIN = "https://site.example";
const CACHED = new Set(["/", "/assets/main-1.js", "/icons/icon.svg"]);
const ask = (path: string, mode = "no-cors", method = "GET"): string =>
  handlingOf({ method, mode, url: new URL(path, ORIGIN).href }, ORIGIN, CACHED);

it("never touches the server's own paths", () => {
  const own = [
    "/api/v1/points",
    "/reports/inspections/1",
    "/healthz",
    "/readyz",
    "/metrics",
    "/sw.js",
  ];
  for (const path of own) {
    expect(ask(path)).toBe("network");
    expect(ask(path, "navigate")).toBe("network");
  }
});

it("never touches anything but GET", () => {
  expect(ask("/assets/main-1.js", "cors", "POST")).toBe("network");
  expect(ask("/", "navigate", "POST")).toBe("network");
});

it("asks the server where the label of a place leads", () => {
  expect(ask("/l/hdtwpkqvdd", "navigate")).toBe("redirect");
  expect(ask("/d/dairy.effluent", "navigate")).toBe("shell");
  expect(ask("/live", "navigate")).toBe("shell");
});

it("answers pages with the shell and its files from the cache", () => {
  expect(ask("/", "navigate")).toBe("shell");
  expect(ask("/alarms/1?x=2", "navigate")).toBe("shell");
  expect(ask("/healthzz", "navigate")).toBe("shell");
  expect(ask("/reports", "navigate")).toBe("shell");
  expect(ask("/assets/main-1.js")).toBe("asset");
});

it("leaves unknown files and other origins to the network", () => {
  expect(ask("/assets/other-2.js")).toBe("network");
  expect(ask("https://elsewhere.example/assets/main-1.js")).toBe("network");
});
