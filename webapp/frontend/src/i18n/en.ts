import { account } from "./en/account";
import { alarms } from "./en/alarms";
import { app } from "./en/app";
import { aspects } from "./en/aspects";
import { collection } from "./en/collection";
import { devices } from "./en/devices";
import { live } from "./en/live";
import { phone } from "./en/phone";
import { point } from "./en/point";
import { questions } from "./en/questions";
import { sync } from "./en/sync";
import { today } from "./en/today";
import { walk } from "./en/walk";

/**
 * Every word the screens show, one file a room. `{name}` is a parameter; an entry with `one` and
 * `other` is chosen by its `count`. A translation is files with the same keys.
 */
export const en = {
  ...app,
  ...account,
  ...today,
  ...collection,
  ...live,
  ...point,
  ...alarms,
  ...walk,
  ...questions,
  ...sync,
  ...aspects,
  ...phone,
  ...devices,
} as const;
