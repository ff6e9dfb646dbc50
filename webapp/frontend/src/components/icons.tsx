import type { VNode } from "preact";

/** One stroke width and one box for all, so that they sit together like one alphabet. */
const SHAPES = {
  today: "M4 6.5h16v13H4zM4 10.5h16M8 4v4M16 4v4M8.5 15l2.5 2.5 4.5-4.5",
  live: "M3 13h4l2.5-7 5 12 2.5-6h4",
  alarms: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 21h4",
  person: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c1-3.5 4-5 7.5-5s6.5 1.5 7.5 5",
  back: "M14.5 5.5 8 12l6.5 6.5",
  forward: "M9.5 5.5 16 12l-6.5 6.5",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2.5",
  offline:
    "M3 3l18 18M5 12.5a10 10 0 0 1 4.5-2.700M14 9.700a10 10 0 0 1 5 2.800M8.5 16a5 5 0 0 1 6.5-.5M12 19.5v.01M2 9a14 14 0 0 1 5-3M11 5a14 14 0 0 1 11 4",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20.5 20.5",
  leaf: "M5 19c0-9 5-14 15-14 0 10-5 14-11 14-2.5 0-4-1.5-4-4M5 19c2-4 5-6.5 9-8.5",
  pin: "M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0c0 5 6.5 11 6.5 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  note: "M5 4.5h14v11l-4 4H5zM8.5 9h7M8.5 13h4",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  equal: "M5 9.5h14M5 14.5h14",
  bolt: "M13 3 5.5 13.5H12L11 21l7.5-10.5H12z",
  drop: "M12 3.5c3.5 4.5 6 7.5 6 10.5a6 6 0 0 1-12 0c0-3 2.5-6 6-10.5z",
  server: "M4 5h16v6H4zM4 13h16v6H4zM7.5 8h.01M7.5 16h.01M11 8h5M11 16h5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
} as const;

export type IconName = keyof typeof SHAPES;

interface Props {
  name: IconName;
  size?: number;
}

export function Icon({ name, size = 24 }: Props): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}
