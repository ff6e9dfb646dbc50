import { ApiError } from "./client";

export type LiveState = "connecting" | "live" | "polling" | "failing" | "offline";
export type LiveEvent = "reading" | "alarm" | "device" | "sync";

export interface LiveHandlers {
  event(kind: LiveEvent, data: unknown): void;
  state(state: LiveState): void;
  /** Fetches everything the stream would have told; rejects when it cannot. */
  poll(): Promise<void>;
}

export const POLL_MS = 10_000;
const STREAM_RETRY_POLLS = 6;
const QUIET_MS = 45_000;
const WATCH_MS = 15_000;
const TOLERATED_ERRORS = 2;
const KINDS: LiveEvent[] = ["reading", "alarm", "device", "sync"];

type StreamFactory = (url: string) => EventSource;

/**
 * One connection to what happens now: the event stream while it works, polling while it does not.
 * EventSource hides the status of a refusal, so a refused stream and a cut one are told apart by
 * the poll that follows.
 */
export class LiveConnection {
  private stream: EventSource | null = null;
  private pollTimer: ReturnType<typeof setTimeout> | null = null;
  private watchTimer: ReturnType<typeof setInterval> | null = null;
  private errors = 0;
  private polls = 0;
  private lastEvent = 0;
  private current: LiveState = "connecting";
  private stopped = false;

  constructor(
    private readonly url: string,
    private readonly handlers: LiveHandlers,
    private readonly open: StreamFactory = (address) => new EventSource(address),
  ) {}

  start(): void {
    this.set("connecting");
    this.openStream();
    this.watchTimer = setInterval(() => void this.watch(), WATCH_MS);
  }

  stop(): void {
    this.stopped = true;
    this.closeStream();
    this.cancelPoll();
    if (this.watchTimer) clearInterval(this.watchTimer);
  }

  /** The network or the screen came back: do not wait for the next timer. */
  wake(): void {
    if (this.stopped) return;
    if (this.current === "live") {
      this.lastEvent = 0;
      void this.watch();
    } else {
      this.polls = STREAM_RETRY_POLLS - 1;
      this.cancelPoll();
      void this.pollOnce();
    }
  }

  private set(state: LiveState): void {
    this.current = state;
    if (!this.stopped) this.handlers.state(state);
  }

  private openStream(): void {
    this.closeStream();
    this.errors = 0;
    const stream = this.open(this.url);
    this.stream = stream;
    stream.onopen = () => this.opened(stream);
    stream.onerror = () => this.failed(stream);
    for (const kind of KINDS) {
      stream.addEventListener(kind, (message) =>
        this.received(kind, message as MessageEvent<string>),
      );
    }
  }

  private opened(stream: EventSource): void {
    if (this.stream !== stream) return;
    this.errors = 0;
    this.polls = 0;
    this.lastEvent = Date.now();
    this.cancelPoll();
    this.set("live");
    // Whatever happened while we were away did not come through the stream.
    void this.handlers.poll().catch(() => undefined);
  }

  private received(kind: LiveEvent, message: MessageEvent<string>): void {
    this.lastEvent = Date.now();
    this.errors = 0;
    let data: unknown;
    try {
      data = JSON.parse(message.data);
    } catch {
      return;
    }
    this.handlers.event(kind, data);
  }

  private failed(stream: EventSource): void {
    if (this.stream !== stream) return;
    this.errors += 1;
    const refused = stream.readyState === EventSource.CLOSED;
    if (!refused && this.errors < TOLERATED_ERRORS) {
      this.set("connecting");
      return;
    }
    this.closeStream();
    void this.pollOnce();
  }

  private async pollOnce(): Promise<void> {
    const wasDown = this.current === "offline" || this.current === "failing";
    try {
      await this.handlers.poll();
      if (this.stopped || this.current === "live") return;
      this.set("polling");
      this.polls += wasDown ? STREAM_RETRY_POLLS : 1;
    } catch (error) {
      if (this.stopped) return;
      if (error instanceof ApiError && error.status === 401) return;
      this.closeStream();
      this.set(error instanceof ApiError ? "failing" : "offline");
    }
    this.next();
  }

  private next(): void {
    if (this.current === "polling" && this.polls >= STREAM_RETRY_POLLS) {
      this.polls = 0;
      this.openStream();
    }
    this.cancelPoll();
    this.pollTimer = setTimeout(() => void this.pollOnce(), POLL_MS);
  }

  /** A half-open socket says nothing; a poll tells a quiet site from a dead line. */
  private async watch(): Promise<void> {
    if (this.current !== "live" || Date.now() - this.lastEvent < QUIET_MS) return;
    try {
      await this.handlers.poll();
      this.lastEvent = Date.now();
    } catch {
      this.closeStream();
      void this.pollOnce();
    }
  }

  private closeStream(): void {
    this.stream?.close();
    this.stream = null;
  }

  private cancelPoll(): void {
    if (this.pollTimer) clearTimeout(this.pollTimer);
    this.pollTimer = null;
  }
}
