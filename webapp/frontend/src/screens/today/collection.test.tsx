import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Collector, CollectorOutbox } from "../../api/types";
import { collectors } from "../../store/site-state";
import { Collection, collectionFails } from "./collection";

const NOW = Date.now();
const at = (minutesAgo: number): string => new Date(NOW - minutesAgo * 60_000).toISOString();

const GOOD: Collector = {
  id: "fieldproof-abcd1234-0",
  state: "running",
  connected: true,
  last_seen_at: at(0),
  durable_broker: true,
  received: 1204,
  stored: 5000,
  dead_letters: 0,
  brokers: [{ name: "broker:1883", connected: true }],
  outbox: [{ destination: "site", depth: 3, age_s: 0.4, parked: 0, error: null }],
  trouble: null,
  events: [],
};
const influx = (more: Partial<CollectorOutbox>): CollectorOutbox[] => [
  { destination: "influx", depth: 900, age_s: 720, parked: 0, error: null, ...more },
];

let root: HTMLElement;

async function shown(...list: Partial<Collector>[]): Promise<string> {
  collectors.set(list.map((one, index) => ({ ...GOOD, id: `collector-${index}`, ...one })));
  await act(() => render(<Collection />, root));
  return root.textContent ?? "";
}

beforeEach(() => {
  root = document.body.appendChild(document.createElement("div"));
});
afterEach(() => {
  render(null, root);
  root.remove();
  collectors.reset();
});

describe("the card of the collectors", () => {
  it("says of a collector in order only that, and of one alone no name", async () => {
    expect(await shown({})).toBe("Data collectionRunning1,204 messages received");
    expect(collectionFails.value).toBe(false);
  });

  it("says why a collector cannot store, what to do, and what the system said", async () => {
    const told = await shown({
      trouble: { kind: "disk_full", detail: "database or disk is full", since: at(20) },
    });
    expect(told).toContain("Cannot store what comes: its disk is full");
    expect(told).toContain("What to do: Free space on the disk");
    expect(told).toContain("It says: database or disk is full");
    expect(told).not.toContain("Running");
    expect(collectionFails.value).toBe(true);
  });

  it("names the broker that is away, and not the one that is there", async () => {
    const told = await shown({
      connected: false,
      brokers: [
        { name: "north:1883", connected: true },
        { name: "south:1883", connected: false },
      ],
    });
    expect(told).toContain("No connection to the message broker south:1883");
    expect(told).not.toContain("north");
  });

  it("tells which destination is behind and what that said, without calling it a failure", async () => {
    const told = await shown({ outbox: influx({ error: "connection refused", parked: 2 }) });
    expect(told).toContain(
      "Not yet passed on to the long-term store (InfluxDB): the oldest has waited 12 min",
    );
    expect(told).toContain("It says: connection refused");
    expect(told).toContain("2 values were refused");
    expect(told).toContain("Running");
    expect(collectionFails.value).toBe(false);
  });

  it("asks for nothing while a backlog is being passed on", async () => {
    const told = await shown({ outbox: influx({}) });
    expect(told).toContain("is being passed on");
    expect(told).not.toContain("What to do");
  });

  it("knows of a silent collector only that, and what it told before", async () => {
    const told = await shown({
      state: "silent",
      connected: false,
      brokers: [{ name: "broker:1883", connected: false }],
      outbox: influx({ error: "refused" }),
      trouble: { kind: "read_only", detail: "", since: at(90) },
    });
    expect(told).toContain("Silent since");
    expect(told).toContain("Before that it could not store: its disk cannot be written.");
    expect(told).toContain("What to do: Make that disk writable again");
    expect(told).not.toContain("InfluxDB");
    expect(told).not.toContain("No connection");
  });

  it("tells what happened to the stream in words and times", async () => {
    const span = { started_at: at(3000), ended_at: at(2990) };
    const told = await shown({
      events: [
        { id: "1", kind: "possible_loss", detail: "the broker kept no session", ...span },
        { id: "2", kind: "storage_trouble", detail: "disk_full: no space", ...span },
        { id: "3", kind: "database_set_aside", detail: "collector.db.corrupt-1 …", ...span },
        { id: "4", kind: "possible_loss", detail: "not shown: the fourth", ...span },
      ],
    });
    expect(told).toMatch(/Messages may be missing from .+ to .+: the broker kept no session/);
    expect(told).toMatch(/Nothing could be stored from .+ to .+: its disk is full/);
    expect(told).toContain("Its database was found damaged and set aside at");
    expect(told).not.toContain("the fourth");
  });

  it("puts what is wrong first and names each of several", async () => {
    await shown({}, { trouble: { kind: "locked", detail: "", since: null } });
    const names = [...root.querySelectorAll("h3")].map((name) => name.textContent);
    expect(names).toEqual(["collector-1", "collector-0"]);
  });
});
