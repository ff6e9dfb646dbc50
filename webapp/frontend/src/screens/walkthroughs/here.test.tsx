import "fake-indexeddb/auto";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Device } from "../../api/device-types";
import type { Me, Point } from "../../api/types";
import { navigate, placePath, route } from "../../router";
import { liveState } from "../../store/live";
import { applyPoints, clearPoints } from "../../store/points";
import { session } from "../../store/session";
import { clearSiteState, devices } from "../../store/site-state";
import { startStatus } from "../../sync/status";
import { FakeServer } from "../../test/fake-server";
import { INES, ITEMS, SITE, TEMPLATE } from "../../test/fixtures";
import { freshPhone } from "../../test/phone";
import { saveAnswer, startInspection } from "../../work/record";
import type { KnownPlace } from "../../work/reference";
import { inspections, places, startWork, templates } from "../../work/store";
import type { Template } from "../../work/types";
import Devices from "../devices";
import Walkthroughs from ".";
import { isWithin } from "./here";

const place = (id: string, name: string, path: string, parent: string | null): KnownPlace => ({
  id,
  name,
  path,
  parent,
  token: `token-${id}`,
});
const WHOLE = place("whole", "Dairy", "Dairy", null);
const PLANT = place("plant", "Plant", "Plant", "whole");
const YARD = place("yard", "Yard", "Plant / Yard", "plant");
const HALL = place("hall", "Hall", "Hall", "whole");
const ELSEWHERE: Template = {
  ...TEMPLATE,
  id: "t-hall",
  title: "Round of the hall",
  content: {
    ...TEMPLATE.content,
    sections: [{ id: "h", title: "Hall", location: "hall", items: [ITEMS.words] }],
  },
};

const DEVICE: Device = {
  id: "dairy.ph",
  name: "pH probe",
  source_name: "ph",
  site: SITE,
  location: { id: "yard", name: "Yard", path: "Plant / Yard" },
  state: "active",
  last_seen_at: new Date().toISOString(),
  health: "ok",
  points: ["ph"],
};
const POINT = {
  point: "dairy.ph/ph",
  device: "dairy.ph",
  device_name: "pH probe",
  metric: "ph",
  label: "pH",
  unit: "pH",
  precision: 2,
  site: SITE,
  location: DEVICE.location,
  aspect: null,
  value: 7.1,
  quality: "good",
  reasons: [],
  observed_at: new Date().toISOString(),
  stale_after_s: 300,
  limits: [],
} as unknown as Point;

const ME: Me = {
  user: INES,
  role: "inspector",
  roles: ["inspector"],
  sites: [{ id: SITE, name: "Meadowbrook Dairy", timezone: "Europe/Dublin" }],
};

let root: HTMLElement;
let server: FakeServer;
let started = false;

const find = (id: string): HTMLElement | null => root.querySelector(`[data-testid="${id}"]`);
const titles = (): (string | undefined)[] =>
  [...root.querySelectorAll("h2")].map((title) => title.firstChild?.textContent?.trim());
const sectionOf = (id: string): string | null | undefined =>
  find(id)?.closest("section")?.querySelector("h2")?.firstChild?.textContent?.trim();

async function show(location: string | null): Promise<void> {
  await act(() => render(<Walkthroughs at={{ screen: "walkthroughs", location }} />, root));
  await act(() => new Promise((done) => setTimeout(done, 20)));
}

beforeEach(async () => {
  await freshPhone();
  server = new FakeServer(INES);
  server.install();
  server.when("GET", /^\/devices\?/, { status: 200, body: { items: [DEVICE], next: null } });
  root = document.body.appendChild(document.createElement("div"));
  session.value = { status: "signed-in", me: ME, confirmed: true };
  if (!started) {
    started = true;
    await startWork();
    await startStatus();
  }
  await act(() => new Promise((done) => setTimeout(done, 20)));
  liveState.value = "live";
  inspections.value = new Map();
  templates.value = [ELSEWHERE, TEMPLATE];
  places.value = new Map([WHOLE, PLANT, YARD, HALL].map((known) => [known.id, known]));
  devices.set([DEVICE]);
  applyPoints([POINT]);
});

afterEach(() => {
  render(null, root);
  root.remove();
  clearPoints();
  clearSiteState();
  vi.unstubAllGlobals();
});

it("says where one stands and shows first what can be done there", async () => {
  await show("yard");
  expect(find("here")?.textContent).toContain("You are at Plant / Yard");
  expect(titles().slice(0, 3)).toEqual(["Start here", "Devices here", "Other walkthroughs"]);
  expect(sectionOf("template-t-weekly")).toBe("Start here");
  expect(find("template-t-weekly")?.textContent).toContain("2 of 5 questions here");
  expect(sectionOf("template-t-hall")).toBe("Other walkthroughs");
  expect(find("clear-place")?.getAttribute("href")).toBe("/walkthroughs");
});

it("counts what is below a place as of it, and nothing beside it", async () => {
  expect(isWithin("yard", WHOLE)).toBe(true);
  expect(isWithin("plant", YARD)).toBe(false);
  expect(isWithin(null, WHOLE)).toBe(false);
  await show("plant");
  expect(sectionOf("template-t-weekly")).toBe("Start here");
  await show("hall");
  expect(sectionOf("template-t-weekly")).toBe("Other walkthroughs");
  expect(root.textContent).toContain("No device is installed here.");
});

it("is not hung by places that stand in a circle", () => {
  places.value = new Map([
    ["a", place("a", "A", "A", "b")],
    ["b", place("b", "B", "B", "a")],
  ]);
  expect(isWithin("a", WHOLE)).toBe(false);
});

it("begins a walkthrough at the first question of the place", async () => {
  await show("yard");
  await act(() => find("template-t-weekly")?.querySelector("button")?.click());
  await vi.waitFor(() => expect(location.pathname).toMatch(/\/items\/drain$/));
});

it("carries on with an open walkthrough at the first open question of the place", async () => {
  const walk = await startInspection(TEMPLATE, SITE, INES);
  const other = await startInspection(ELSEWHERE, SITE, INES);
  await saveAnswer(walk, ITEMS.drain, "yard", { value: { choice: "pass" } }, INES);
  await show("yard");
  await vi.waitFor(() =>
    expect(find(`draft-${walk.id}`)?.getAttribute("href")).toMatch(/\/items\/bund$/),
  );
  expect(sectionOf(`draft-${walk.id}`)).toBe("Carry on here");
  expect(find(`draft-${walk.id}`)?.textContent).toContain("1 of 2 answered here");
  expect(sectionOf(`draft-${other.id}`)).toBe("Carry on elsewhere");
});

it("links the devices of the place and their latest values, without a network too", async () => {
  server.rules = [];
  server.when("GET", /./, "away");
  liveState.value = "offline";
  await show("plant");
  const value = find("here-dairy.ph/ph");
  expect(value?.getAttribute("href")).toBe("/live/dairy.ph/ph");
  expect(value?.textContent).toContain("7.10");
  expect(root.querySelector('a[href="/devices/dairy.ph"]')?.textContent).toBe("pH probe");
});

it("says in a sentence that a place is not known, and shows everything else", async () => {
  await show("nowhere");
  expect(find("here")?.textContent).toContain("Meadowbrook Dairy has no such place");
  expect(titles()[0]).toBe("Start a walkthrough");
  await act(() => {
    liveState.value = "offline";
  });
  expect(find("here")?.textContent).toContain("This phone does not know this place");
});

it("looks for the place a while on a phone that has just been signed in", async () => {
  places.value = new Map();
  await show("yard");
  expect(find("here")?.textContent).toBe("Looking for this place…");
  await act(() => {
    places.value = new Map([["yard", YARD]]);
  });
  expect(find("here")?.textContent).toContain("You are at");
});

it("knows the place of a label that was scanned without a network", async () => {
  navigate("/l/token-yard", true);
  const at = route.value;
  await act(() => render(<Devices at={at} />, root));
  await vi.waitFor(() => expect(location.pathname + location.search).toBe(placePath("yard")));
  await act(() => render(<Devices at={{ screen: "label", token: "other" }} />, root));
  expect(root.textContent).toContain("does not know which place");
});
