import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, Unreachable } from "./client";
import { LiveConnection, type LiveState, POLL_MS } from "./live";

/** Stands for the browser's EventSource, so that a test can say what the line does. */
class Line extends EventTarget {
  static made: Line[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;

  constructor() {
    super();
    Line.made.push(this);
  }
  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  breaks(): void {
    this.readyState = 0;
    this.onerror?.();
  }
  refuses(): void {
    this.readyState = 2;
    this.onerror?.();
  }
  says(kind: string, data: string): void {
    this.dispatchEvent(new MessageEvent(kind, { data }));
  }
  close(): void {
    this.readyState = 2;
  }
}

let states: LiveState[];
let events: unknown[];
let poll: ReturnType<typeof vi.fn<() => Promise<void>>>;
let connection: LiveConnection;
const last = (): Line => Line.made.at(-1) as Line;
const settle = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", { CLOSED: 2 });
  Line.made = [];
  states = [];
  events = [];
  poll = vi.fn(() => Promise.resolve());
  const handlers = {
    event: (kind: string, data: unknown) => void events.push([kind, data]),
    state: (state: LiveState) => void states.push(state),
    poll,
  };
  connection = new LiveConnection("/live", handlers, () => new Line() as unknown as EventSource);
  connection.start();
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("LiveConnection", () => {
  it("is live once the stream opens, and fetches what it missed", () => {
    last().opens();
    expect(states).toEqual(["connecting", "live"]);
    expect(poll).toHaveBeenCalledOnce();
    last().says("reading", '{"point":"d/ph"}');
    last().says("reading", "not json");
    expect(events).toEqual([["reading", { point: "d/ph" }]]);
  });

  it("polls when the stream is refused, and tries the stream again later", async () => {
    last().refuses();
    await settle();
    expect(states.at(-1)).toBe("polling");
    await vi.advanceTimersByTimeAsync(POLL_MS * 6);
    expect(Line.made.length).toBe(2);
    last().opens();
    expect(states.at(-1)).toBe("live");
    const polls = poll.mock.calls.length;
    await vi.advanceTimersByTimeAsync(POLL_MS * 2);
    expect(poll.mock.calls.length).toBe(polls);
  });

  it("bears one hiccup, and says offline when the server cannot be reached either", async () => {
    last().opens();
    last().breaks();
    expect(states.at(-1)).toBe("connecting");
    poll.mockRejectedValue(new Unreachable());
    last().breaks();
    await settle();
    expect(states.at(-1)).toBe("offline");
  });

  it("goes back to the stream at once when the network returns", async () => {
    poll.mockRejectedValue(new Unreachable());
    last().refuses();
    await settle();
    poll.mockResolvedValue();
    connection.wake();
    await settle();
    expect(Line.made.length).toBe(2);
    last().opens();
    expect(states.at(-1)).toBe("live");
  });

  it("tells a server in trouble from no server", async () => {
    poll.mockRejectedValue(new ApiError(500, "internal", ""));
    last().refuses();
    await settle();
    expect(states.at(-1)).toBe("failing");
  });

  it("stops asking when the session is gone", async () => {
    poll.mockRejectedValue(new ApiError(401, "unauthenticated", ""));
    last().refuses();
    await settle();
    await vi.advanceTimersByTimeAsync(POLL_MS * 3);
    expect(poll).toHaveBeenCalledOnce();
  });

  it("notices a line that is open and dead", async () => {
    last().opens();
    poll.mockRejectedValue(new Unreachable());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.at(-1)).toBe("offline");
  });

  it("is silent after it was stopped", async () => {
    connection.stop();
    const before = states.length;
    connection.wake();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states.length).toBe(before);
    expect(poll).not.toHaveBeenCalled();
  });
});
