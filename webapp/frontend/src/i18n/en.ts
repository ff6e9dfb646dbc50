import { account } from "./en/account";
import { alarms } from "./en/alarms";
import { app } from "./en/app";
import { live } from "./en/live";
import { point } from "./en/point";
import { today } from "./en/today";

/**
 * Every word the screens show, one file a room. `{name}` is a parameter; an entry with `one` and
 * `other` is chosen by its `count`. A translation is files with the same keys.
 */
export const en = {
  ...app,
  ...account,
  ...today,
  ...live,
  ...point,
  ...alarms,
} as const;
