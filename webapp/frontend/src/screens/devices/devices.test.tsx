import "fake-indexeddb/auto";
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Device, DeviceDetail } from "../../api/device-types";
import type { Me } from "../../api/types";
import { forgetAll } from "../../db/cache";
import { route } from "../../router";
import { detail, detailAt, lastDone } from "../../store/devices";
import { session } from "../../store/session";
import { clearSiteState, devices } from "../../store/site-state";
import { FakeServer } from "../../test/fake-server";
import { INES } from "../../test/fixtures";
import { DeviceScreen } from "./device";
import { DeviceList } from "./list";

const AT = new Date().toISOString();
const NEW: Device = {
  id: "shellypro3em-1",
  name: "shellypro3em-1",
  source_name: "shellypro3em-1",
  site: null,
  location: null,
  aspect: null,
  profile: "shelly-pro-3em",
  profile_name: "Shelly Pro 3EM",
  state: "unassigned",
  first_seen_at: AT,
  last_seen_at: AT,
  stale_after_s: 300,
  health: "ok",
  points: ["active_power", "current"],
  topic: "shellypro3em-1/events/rpc",
  values: [
    {
      metric: "active_power",
      label: "Power",
      value: 2.48,
      unit: "kW",
      precision: 2,
      observed_at: AT,
      quality: "good",
      reasons: [],
    },
  ],
  suggested: [
    { id: "shelly-pro-3em", name: "Shelly Pro 3EM", metrics: 7 },
    { id: "generic", name: "Register gateway", metrics: 2 },
  ],
};
const HALL = { id: "hall", name: "Hall 1", path: "Hall 1" };
const OWN: Device = {
  ...NEW,
  id: "dairy.mains",
  name: "Mains meter",
  source_name: "mains",
  site: "dairy",
  location: HALL,
  state: "active",
};
const PAGE: DeviceDetail = {
  ...OWN,
  battery: { metric: "battery", value: 12, unit: "%", observed_at: AT },
  signal: null,
  expected_every_s: 60,
  gaps: [
    {
      from: new Date(Date.now() - 7_200_000).toISOString(),
      to: new Date(Date.now() - 3_600_000).toISOString(),
    },
  ],
  uplinks_lost: 3,
  dead_letters: {
    count: 2,
    latest: [
      {
        id: "d",
        reason: "not_json",
        detail: "line 1 column 5",
        topic: "t",
        last_seen_at: AT,
        count: 2,
      },
    ],
  },
  last_message: {
    topic: "a/b",
    payload: '{"v":1.50}',
    encoding: "text",
    size: 10,
    truncated: false,
    received_at: AT,
  },
  caveats: [
    { text: "Counts anew after a restart.", link: "https://vendor.example/doc" },
    { text: "Runs no script.", link: "javascript://vendor.example/%0aalert(1)" },
  ],
  calibration: [{ every_days: 30, metrics: ["active_power"] }],
  limits: [],
};

let root: HTMLElement;
let server: FakeServer;
const find = (id: string): HTMLElement | null => document.querySelector(`[data-testid="${id}"]`);
const list = (items: unknown[]) => ({ status: 200, body: { items, next: null } });

function signedInAs(...roles: string[]): void {
  const site = { id: "dairy", name: "Meadowbrook Dairy", timezone: "UTC" };
  const me: Me = { user: INES, role: roles.at(-1) ?? "", roles, sites: [site] };
  session.value = { status: "signed-in", me, confirmed: true };
}

/** Lets requests, storage and what is drawn after them come to rest. */
const settle = (): Promise<void> =>
  act(async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setTimeout(done, 0));
  }) as Promise<void>;

async function show(view: preact.ComponentChild): Promise<void> {
  await act(() => render(view, root));
  await settle();
}

const press = async (id: string): Promise<void> => {
  await act(() => find(id)?.click());
  await settle();
};

async function type(id: string, text: string, event = "input"): Promise<void> {
  const field = find(id) as HTMLInputElement;
  await act(() => {
    field.value = text;
    field.dispatchEvent(new Event(event, { bubbles: true }));
  });
}

function answers(own: Device[], waiting: Device[]): void {
  server.when("GET", /^\/devices\?state=unassigned/, list(waiting));
  server.when("GET", /^\/devices\?site=dairy/, list(own));
  server.when("GET", /^\/devices\/dairy\.mains$/, { status: 200, body: PAGE });
  server.when("GET", /^\/locations/, list([{ ...HALL, parent: null, site: "dairy" }]));
  server.when("GET", /^\/aspects/, list([{ id: "power", name: "Electricity use" }]));
}

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  server = new FakeServer(INES);
  server.install();
  signedInAs("inspector", "manager");
});

afterEach(async () => {
  render(null, root);
  root.remove();
  clearSiteState();
  detail.reset();
  detailAt.value = null;
  lastDone.value = null;
  await forgetAll();
  vi.unstubAllGlobals();
});

describe("the list of devices", () => {
  it("shows a manager what is new, with its first values and what it looks like", async () => {
    answers([OWN], [NEW]);
    await show(<DeviceList />);
    const card = find("new-shellypro3em-1")?.textContent ?? "";
    for (const told of [
      "shellypro3em-1/events/rpc",
      "Power2.48",
      "Looks like Shelly Pro 3EM",
      "1 more value",
    ])
      expect(card).toContain(told);
    expect(find("adopt-shellypro3em-1")).not.toBeNull();
    expect(find("device-dairy.mains")?.textContent).toContain("Heard");
    expect(find("device-dairy.mains")?.getAttribute("href")).toBe("/devices/dairy.mains");
  });

  it("draws the newest of very many new devices, and the others when asked to", async () => {
    const since = (n: number) => new Date(n).toISOString();
    const many = Array.from(Array(60), (_, n) => ({ ...NEW, id: `${n}`, first_seen_at: since(n) }));
    answers([], many);
    await show(<DeviceList />);
    expect(root.querySelectorAll(".new-device").length).toBe(50);
    expect(find("new-0")).toBeNull();
    await press("new-all");
    expect(root.querySelectorAll(".new-device").length).toBe(60);
  });

  it("shows an auditor what is new, without a button to adopt it", async () => {
    signedInAs("auditor");
    answers([OWN], [NEW]);
    await show(<DeviceList />);
    expect(find("new-shellypro3em-1")?.textContent).toContain("Looks like Shelly Pro 3EM");
    expect(find("adopt-shellypro3em-1")).toBeNull();
    expect(find("labels")).toBeNull();
  });

  it("asks for new devices not for inspectors, and gives them no buttons", async () => {
    signedInAs("inspector");
    answers([OWN], [NEW]);
    await show(<DeviceList />);
    expect(server.paths("GET").some((path) => path.includes("unassigned"))).toBe(false);
    expect(find("new-devices")).toBeNull();
    expect(find("labels")).toBeNull();
  });

  it("shows what was last known without a connection, with its time", async () => {
    answers([OWN], []);
    await show(<DeviceList />);
    render(null, root);
    clearSiteState();
    server.rules = [];
    server.when("GET", /^\/devices/, "away");
    await show(<DeviceList />);
    expect(devices.state.value.failure).toBe("unreachable");
    expect(find("device-dairy.mains")).not.toBeNull();
    expect(find("as-of")?.textContent).toContain("As last known");
  });

  it("says what to do when nothing was kept, and when there is nothing", async () => {
    server.when("GET", /^\/devices/, "away");
    await show(<DeviceList />);
    expect(root.textContent).toContain("Connect once");
    render(null, root);
    server.rules = [];
    answers([], []);
    await show(<DeviceList />);
    expect(root.textContent).toContain("No devices yet");
  });

  it("folds retired devices away", async () => {
    answers([OWN, { ...OWN, id: "old", name: "Old meter", state: "retired" }], []);
    await show(<DeviceList />);
    expect(root.querySelector("details summary")?.textContent).toBe("1 retired device");
    expect(find("device-old")?.closest("details")).not.toBeNull();
  });
});

describe("adopting", () => {
  beforeEach(async () => {
    answers([], [NEW]);
    await show(<DeviceList />);
    await press("adopt-shellypro3em-1");
  });

  it("starts with the profile that fits best and says what will happen", async () => {
    await type("adopt-name", "Mains");
    await type("adopt-location", "hall", "change");
    await type("adopt-aspect", "power", "change");
    await settle();
    const first = find("profile-shelly-pro-3em")?.querySelector("input");
    expect(first?.checked).toBe(true);
    const summary = find("adopt-summary")?.textContent ?? "";
    expect(summary).toContain("It is called “Mains” at Meadowbrook Dairy, at Hall 1.");
    expect(summary).toContain("read as Shelly Pro 3EM");
    expect(summary).toContain("evidence for “Electricity use”");
  });

  it("sends what was chosen and goes to the device with a word about it", async () => {
    const body = { ...OWN, id: NEW.id, name: "Mains" };
    server.when("POST", /adopt$/, { status: 200, body });
    await type("adopt-name", " Mains ");
    await type("adopt-location", "hall", "change");
    await press("adopt-send");
    expect(server.calls.find(({ method }) => method === "POST")?.body).toEqual({
      site: "dairy",
      state: "unassigned",
      name: "Mains",
      profile: "shelly-pro-3em",
      location: "hall",
      aspect: null,
    });
    expect(route.value).toEqual({ screen: "device", id: NEW.id });
    expect(lastDone.value).toEqual({ id: NEW.id, done: "adopted" });
    expect(find("adopt-send")).toBeNull();
  });

  it.each([
    ["away" as const, "nobody knows whether it was done"],
    [{ status: 409, body: { code: "retired", detail: "It was retired." } }, "It was retired."],
    [
      { status: 422, body: { code: "invalid", errors: { location: ["No such place."] } } },
      "No such place.",
    ],
    [{ status: 403, body: { code: "forbidden" } }, "Ask a manager"],
    [{ status: 500, body: { code: "internal" } }, "The server has a problem"],
  ])("keeps the sheet and claims nothing when it fails: %j", async (answer, told) => {
    server.when("POST", /adopt$/, answer);
    await type("adopt-name", "Mains");
    await press("adopt-send");
    expect(find("adopt-error")?.textContent).toContain(told);
    expect((find("adopt-name") as HTMLInputElement).value).toBe("Mains");
    expect(lastDone.value).toBeNull();
    expect(find("new-shellypro3em-1")).not.toBeNull();
  });

  it("asks for a name before it asks the server", async () => {
    await type("adopt-name", "  ");
    await press("adopt-send");
    expect(find("adopt-error")?.textContent).toBe("Give it a name.");
    expect(server.paths("POST")).toEqual([]);
  });

  it("makes a new place once, however often the answer is lost, and chooses it", async () => {
    const made = { id: "x", name: "Roof", path: "Hall 1 / Roof", parent: "hall", site: "dairy" };
    server.when("PUT", /^\/locations/, "away", 1);
    server.when("PUT", /^\/locations/, { status: 201, body: made });
    await press("new-place");
    await type("place-name", "Roof");
    await press("place-add");
    expect(document.body.textContent).toContain("the place is made only once");
    await press("place-add");
    const [first, second] = server.paths("PUT");
    expect(first).toBe(second);
    expect(server.calls.findLast(({ method }) => method === "PUT")?.body).toEqual({
      site: "dairy",
      parent: "hall",
      name: "Roof",
    });
    expect((find("adopt-location") as HTMLSelectElement).value).toBe("x");
  });
});

describe("the page of a device", () => {
  it("tells in words how it is, and links to nothing but the web", async () => {
    answers([OWN], []);
    await show(<DeviceScreen id="dairy.mains" />);
    const told = root.textContent ?? "";
    for (const words of [
      "Speaks every minute",
      "Battery low: change it soon, 12",
      "3 messages lost",
      "1 gap, 1 h without a message",
      "Is not JSON",
      "Calibrate Power every 30 days",
      '"v": 1.50',
    ])
      expect(told).toContain(words);
    const links = [...root.querySelectorAll<HTMLAnchorElement>(".caveats a")];
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://vendor.example/doc"]);
    expect(find("change")).not.toBeNull();
  });

  it("sends only what was changed: somebody else may have changed the rest meanwhile", async () => {
    answers([OWN], []);
    server.when("POST", /adopt$/, { status: 200, body: OWN });
    await show(<DeviceScreen id="dairy.mains" />);
    await press("change");
    await act(() => detail.set({ ...PAGE, location: null, name: "Roof meter" }));
    await type("adopt-aspect", "power", "change");
    await press("adopt-send");
    const sent = server.calls.find(({ method }) => method === "POST")?.body;
    expect(sent).toEqual({ site: "dairy", aspect: "power" });
  });

  it("retires a device when asked twice", async () => {
    answers([OWN], []);
    server.when("POST", /retire$/, { status: 200, body: { ...OWN, state: "retired" } });
    await show(<DeviceScreen id="dairy.mains" />);
    await press("change");
    await press("retire");
    expect(server.paths("POST")).toEqual([]);
    await press("retire-send");
    expect(root.textContent).toContain("Retired. Nobody waits for it any more");
    expect(find("change")).toBeNull();
  });

  it("gives inspectors no buttons", async () => {
    signedInAs("inspector");
    answers([OWN], []);
    await show(<DeviceScreen id="dairy.mains" />);
    expect(find("health")).not.toBeNull();
    expect(find("change")).toBeNull();
    expect(find("print-label")).toBeNull();
  });

  it("opens from what was kept, and says so where nothing was", async () => {
    answers([OWN], []);
    await show(<DeviceScreen id="dairy.mains" />);
    render(null, root);
    detail.reset();
    server.rules = [];
    server.when("GET", /^\/devices/, "away");
    await show(<DeviceScreen id="dairy.mains" />);
    expect(root.querySelector("h1")?.textContent).toBe("Mains meter");
    expect(find("as-of")).not.toBeNull();
    render(null, root);
    await show(<DeviceScreen key="other" id="other" />);
    expect(root.querySelector("h1")?.textContent).toBe("No connection");
    expect(root.textContent).toContain("has not kept this device");
  });

  it("says of an unknown device that there is none", async () => {
    server.when("GET", /^\/devices/, { status: 404, body: { code: "not_found" } });
    await show(<DeviceScreen id="nope" />);
    expect(root.textContent).toContain("There is no such device");
  });
});
