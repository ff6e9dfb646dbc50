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
  walk: "M8.5 5H6v15.500h12V5h-2.500M9 3.500h6v3.500H9zM9 14l2.2 2.200L15.5 11.5",
  camera:
    "M4 8h3.500L9 5.500h6L16.5 8H20v11H4zM12 16.500a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.400z",
  image: "M4 5h16v14H4zM4 16l5-5 4.5 4.5 2.5-2.5 4 4M15.5 9.500v.01",
  flag: "M6 21V4M6 5h12l-3 4 3 4H6",
  phone: "M8 2.500h8a1 1 0 0 1 1 1v17a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-17a1 1 0 0 1 1-1zM11 18.500h2",
  attention: "M12 4 21.5 20h-19zM12 10v4.500M12 17.300v.01",
  undo: "M8.5 5 4.5 9l4 4M5 9h9a5.5 5.5 0 0 1 0 11H8",
  plus: "M12 5v14M5 12h14",
  download: "M12 4v11M7 10.500l5 5 5-5M5 20h14",
  share: "M12 15V4M8 7.5 12 3.500l4 4M7 11H5.500v9.500h13V11H17",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  lock: "M6 11h12v9.500H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  meter: "M4.5 17.500a8.5 8.5 0 1 1 15 0M12 14l4-5",
  sensor:
    "M7.500 7.500h9v9h-9zM10.500 4v3.500M13.500 4v3.500M10.500 16.500V20M13.500 16.500V20M4 10.500h3.500M4 13.500h3.500M16.500 10.500H20M16.500 13.500H20",
  print: "M7 9V4h10v5M7 16.500H4V9h16v7.500h-3M7 14h10v6.500H7z",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
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
