import { signal } from "@preact/signals";
import { ApiError } from "../api/client";
import * as api from "../api/endpoints";
import type { Alarm, OpKind } from "../api/types";
import { uuid7 } from "../lib/uuid7";
import { detail, refreshDetail } from "./alarms";
import { serverNow } from "./clock";

export interface PendingOp {
  id: string;
  alarm: string;
  op: OpKind;
  note: string;
  doneAt: number;
}

export type SendResult = { ok: true } | { ok: false; reachable: boolean; detail: string };

const FOLLOW_MS = 2500;
const FOLLOW_TIMES = 48;

/** Sent and taken by the server, but not yet shown by the alarm itself. */
export const pendingOps = signal<readonly PendingOp[]>([]);

/** Made once for each form, so that a second try after a lost answer is the same operation. */
export const newOpId = (): string => uuid7();

export async function sendOp(
  alarm: string,
  op: OpKind,
  note: string,
  id: string,
): Promise<SendResult> {
  const doneAt = serverNow();
  const body = { op, done_at: new Date(doneAt).toISOString(), note };
  try {
    await api.putAlarmOp(alarm, id, body);
  } catch (error) {
    const reachable = error instanceof ApiError;
    return { ok: false, reachable, detail: reachable ? error.message : "" };
  }
  pendingOps.value = [...pendingOps.peek(), { id, alarm, op, note, doneAt }];
  void follow(alarm);
  return { ok: true };
}

export const pendingFor = (alarm: string): PendingOp[] =>
  pendingOps.value.filter((item) => item.alarm === alarm);

function isShown(pending: PendingOp, alarm: Alarm): boolean {
  const steps = alarm.transitions ?? [];
  const about = steps.filter(
    (step) => step.id === pending.id || (step.note ?? "") === pending.note,
  );
  if (pending.op === "comment") return about.some((step) => step.kind === "commented");
  const acknowledged = alarm.acknowledgement === "acked" || alarm.state === "normal";
  return acknowledged || about.some((step) => step.kind === "acknowledged");
}

export function settleOps(alarm: Alarm): void {
  const left = pendingOps.peek().filter((item) => item.alarm !== alarm.id || !isShown(item, alarm));
  if (left.length !== pendingOps.peek().length) pendingOps.value = left;
}

/** A comment changes no state and so may raise no event: look until the alarm shows it. */
async function follow(alarm: string): Promise<void> {
  for (let turn = 0; turn < FOLLOW_TIMES; turn += 1) {
    await refreshDetail();
    const shown = detail.state.peek().data;
    if (shown) settleOps(shown);
    if (!pendingOps.peek().some((item) => item.alarm === alarm)) return;
    await new Promise((done) => setTimeout(done, FOLLOW_MS));
  }
}
