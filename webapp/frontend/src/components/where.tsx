import type { VNode } from "preact";
import { t } from "../i18n/t";
import { photoState, whereabouts } from "../sync/status";
import type { RowKind, Whereabouts } from "../work/types";

/** Shape says the same as the word: a phone, an arrow, a tick, a triangle. */
const SHAPE: Record<Whereabouts, string> = {
  phone: "M5 1.5h6v13H5zM7.5 12.500h1",
  sending: "M8 13.500v-10M4 7l4-4 4 4",
  server: "M2.5 8.5 6.3 12.3 13.5 4.5",
  attention: "M8 2 14.5 13.500h-13zM8 6.500v3.200M8 11.800v.01",
};

export function WhereShape({ state, size = 16 }: { state: Whereabouts; size?: number }): VNode {
  return (
    <svg class="where-shape" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      <path d={SHAPE[state]} />
    </svg>
  );
}

interface Props {
  kind: RowKind;
  id: string;
  /** Where there is no room for the word it stays for those who cannot see the shape. */
  compact?: boolean;
}

/** Where a thing made on a phone is. Read again by itself when that changes. */
export function Where({ kind, id, compact = false }: Props): VNode {
  const state = kind === "photo" ? photoState(id) : whereabouts(kind, id);
  return (
    <span class={`where where-${state}`} data-sync={state} data-kind={kind} data-ref={id}>
      <WhereShape state={state} />
      <span class={compact ? "sr-only" : ""}>{t(`where.${state}`)}</span>
    </span>
  );
}
