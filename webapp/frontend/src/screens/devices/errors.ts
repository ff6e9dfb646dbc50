import { ApiError } from "../../api/client";
import { t } from "../../i18n/t";

/** Why the server did not do it, and what helps. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t("adopt.unreachable");
  if (error.status === 403) return t("adopt.forbidden");
  if (error.status === 404) return t("adopt.gone");
  if (error.status >= 500) return t("adopt.server");
  const fields = Object.values(error.errors).flat().map(String);
  return t("adopt.refused", { detail: fields.length > 0 ? fields.join(" ") : error.message });
}
