import { t } from "../../i18n/t";
import { WorkError } from "../../work/db";
import { RecordError } from "../../work/errors";

/** Why something was not kept, and what to do about it. */
export function saveErrorText(error: unknown): string {
  if (error instanceof RecordError || error instanceof WorkError)
    return t(`save.failed.${error.code}`);
  return t("save.failed.failed");
}
