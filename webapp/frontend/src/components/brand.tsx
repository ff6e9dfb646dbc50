import type { VNode } from "preact";

/** The signal of a sensor that ends as an inspector's tick. */
export function BrandMark({ size = 32 }: { size?: number }): VNode {
  return (
    <svg class="brand-mark" viewBox="0 0 48 48" width={size} height={size} aria-hidden="true">
      <rect class="brand-mark-plate" width="48" height="48" rx="12" />
      <path class="brand-mark-limit" d="M8 14.5h32" />
      <path class="brand-mark-line" d="M7 28h6l4-5 6 12L41 14.5" />
      <circle class="brand-mark-dot" cx="41" cy="14.5" r="3.5" />
    </svg>
  );
}
