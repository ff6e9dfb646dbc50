import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { readPref, writePref } from "../db/prefs";
import { formatWhen } from "../i18n/format";
import { t } from "../i18n/t";
import { serverNow } from "../store/clock";
import { isDown, liveState } from "../store/live";
import { knownAt } from "../store/points";
import { applyUpdate, pwa } from "../store/pwa";
import { zone } from "../store/session";
import { Icon } from "./icons";

export function OfflineNotice(): VNode | null {
  const state = liveState.value;
  if (!isDown(state)) return null;
  const known = knownAt.value;
  const time = known ? formatWhen(known, zone.value, serverNow()) : "";
  const help =
    state === "failing" ? t("failing.help", { time }) : t("offline.values_from", { time });
  return (
    <div class="notice" role="status">
      <Icon name="offline" size={22} />
      <p>
        <strong>{t(state === "failing" ? "failing.title" : "offline.title")}.</strong>{" "}
        {known ? help : t("offline.nothing")}
      </p>
    </div>
  );
}

export function UpdateNotice(): VNode | null {
  const update = applyUpdate.value;
  if (!update) return null;
  return (
    <div class="notice notice-update" role="status">
      <p>{t("pwa.update")}</p>
      <button type="button" class="button" onClick={update}>
        {t("pwa.update_now")}
      </button>
    </div>
  );
}

export function InsecureNotice({ onMore }: { onMore: () => void }): VNode | null {
  const hidden = useSignal(readPref("insecure-seen") === "yes");
  if (pwa.value !== "insecure" || hidden.value) return null;
  const dismiss = (): void => {
    hidden.value = true;
    writePref("insecure-seen", "yes");
  };
  return (
    <div class="notice">
      <p>{t("pwa.insecure_notice")}</p>
      <button type="button" class="link-button" onClick={onMore}>
        {t("pwa.insecure_more")}
      </button>
      <button type="button" class="icon-button" aria-label={t("pwa.dismiss")} onClick={dismiss}>
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}
