import { type Signal, signal } from "@preact/signals";
import { ApiError } from "../api/client";

export type Failure = "unreachable" | "missing" | "server";

export interface Load<T> {
  status: "loading" | "ready" | "failed";
  data: T | null;
  failure: Failure | null;
}

export const loading = <T>(): Load<T> => ({ status: "loading", data: null, failure: null });
export const ready = <T>(data: T): Load<T> => ({ status: "ready", data, failure: null });

export function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError)) return "unreachable";
  return error.status === 404 ? "missing" : "server";
}

/** A value that is fetched again and again: the newest request wins, a failure keeps the old data. */
export class Resource<T> {
  readonly state: Signal<Load<T>> = signal(loading<T>());
  private turn = 0;

  reset(): void {
    this.turn += 1;
    this.state.value = loading();
  }

  set(data: T): void {
    this.turn += 1;
    this.state.value = ready(data);
  }

  async fetch(get: () => Promise<T>): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    try {
      const data = await get();
      if (turn === this.turn) this.state.value = ready(data);
    } catch (error) {
      if (turn !== this.turn) return;
      this.state.value = { ...this.state.peek(), status: "failed", failure: failureOf(error) };
    }
  }
}
