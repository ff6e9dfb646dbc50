import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Alarm, Me, Point } from "../api/types";
import { alarmsStatus, applyAlarm, clearAlarms, detail, setOpenAlarms } from "../store/alarms";
import { pendingOps } from "../store/ops";
import { applyPoints, clearPoints } from "../store/points";
import { session } from "../store/session";
import { Alarms } from "./alarms";
import { Live } from "./live";

const POINT: Point = {
  point: "dairy.effluent/ph",
  device: "dairy.effluent",
  device_name: "Effluent monitor",
  metric: "ph",
  label: "pH",
  kind: "gauge",
  precision: 2,
  site: "dairy",
  location: { id: "o", name: "Outfall", path: "Effluent plant / Outfall" },
  aspect: { id: "a", name: "Treated effluent to river" },
  unit: "pH",
  value: 9.3,
  quality: "bad",
  reasons: ["range"],
  observed_at: new Date().toISOString(),
  age_s: 0,
  stale_after_s: 300,
  alarm: null,
  limits: [
    {
      id: "l",
      version: 1,
      kind: "high",
      level: "permit",
      value: 9,
      deadband: 0.1,
      on_delay_s: 60,
      off_delay_s: 60,
      priority: "critical",
      message: null,
    },
  ],
};

const ALARM = {
  id: "a1",
  point: POINT.point,
  device_name: POINT.device_name,
  label: "pH",
  unit: "pH",
  site: "dairy",
  level: "permit",
  priority: "critical",
  kind: "high",
  threshold: 9,
  condition: "active",
  acknowledgement: "unacked",
  state: "active_unacked",
  raised_at: new Date().toISOString(),
  peak: 9.31,
  value: 9.1,
  location: POINT.location,
  aspect: POINT.aspect,
  transitions: [],
} as unknown as Alarm;

let root: HTMLElement;
const show = (view: preact.ComponentChild): Promise<void> =>
  act(() => render(view, root)) as Promise<void>;
const find = (id: string): HTMLElement | null => root.querySelector(`[data-testid="${id}"]`);

function signedInAs(...roles: string[]): void {
  const site = { id: "dairy", name: "Meadowbrook Dairy", timezone: "Europe/Dublin" };
  const me: Me = {
    user: { id: "u", username: "u", name: "U" },
    role: roles[0] ?? "",
    roles,
    sites: [site],
  };
  session.value = { status: "signed-in", me, confirmed: true };
}

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
  signedInAs("inspector");
});

afterEach(() => {
  render(null, root);
  root.remove();
  clearPoints();
  clearAlarms();
  pendingOps.value = [];
});

describe("Live", () => {
  it("says value, limit, quality with its reason, and aspect in words", async () => {
    applyPoints([POINT]);
    await show(<Live />);
    const row = find("point-dairy.effluent/ph");
    expect(find("value")?.textContent).toBe("9.30");
    // A bad value is judged by nobody: the limit is named, and not called broken.
    expect(row?.textContent).toContain("Permit limit above 9");
    expect(row?.textContent).toContain("Bad: outside the physical range");
    expect(row?.textContent).toContain("Treated effluent to river");
    expect(row?.getAttribute("href")).toBe("/live/dairy.effluent/ph");
  });

  it("says what to do when there is nothing", async () => {
    applyPoints([]);
    await show(<Live />);
    expect(root.textContent).toContain("No points yet");
  });
});

describe("Alarms", () => {
  beforeEach(() => {
    setOpenAlarms([ALARM]);
    detail.set(ALARM);
  });

  it("offers acknowledging to those who may", async () => {
    await show(<Alarms selected="a1" showEnded={false} />);
    expect(find("alarm-a1")?.textContent).toContain("Active, not acknowledged");
    expect(find("acknowledge")).not.toBeNull();
    expect(find("comment")).not.toBeNull();
  });

  it("gives auditors no buttons", async () => {
    signedInAs("auditor");
    await show(<Alarms selected="a1" showEnded={false} />);
    expect(find("acknowledge")).toBeNull();
    expect(find("comment")).toBeNull();
  });

  it("shows an operation as waiting until the collector has taken it", async () => {
    pendingOps.value = [
      { id: "op", alarm: "a1", op: "acknowledge", note: "seen", doneAt: Date.now() },
    ];
    await show(<Alarms selected="a1" showEnded={false} />);
    expect(find("acknowledge")?.textContent).toContain("Sent, waiting for the collector");
    expect(find("acknowledge")?.hasAttribute("disabled")).toBe(true);
    expect(find("alarm-a1")?.textContent).toContain("Sent, waiting for the collector");
  });

  it("says that all is well when nothing is open", async () => {
    await show(<Alarms selected={null} showEnded={false} />);
    await act(() => {
      applyAlarm({ ...ALARM, state: "normal" });
      alarmsStatus.value = "ready";
    });
    expect(root.textContent).toContain("No open alarms");
  });
});
