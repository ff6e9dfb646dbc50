import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { readPref, writePref } from "../db/prefs";
import { formatWhen } from "../i18n/format";
import { t } from "../i18n/t";
import { isInside, route } from "../router";
import { serverNow } from "../store/clock";
import { isDown, liveState } from "../store/live";
import { knownAt } from "../store/points";
import { applyUpdate, pwa } from "../store/pwa";
import { leavePaused, me, paused, zone } from "../store/session";
import { Icon } from "./icons";

export function OfflineNotice(): VNode | null {
  const state = liveState.value;
  // In a walkthrough the chips say it: being offline is how it is meant to be done.
  if (!isDown(state) || isInside(route.value)) return null;
  const { screen } = route.value;
  if (screen === "phone") return null;
  if (screen === "walkthroughs") return <OfflineWalks />;
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

function OfflineWalks(): VNode {
  return (
    <div class="notice" role="status">
      <Icon name="offline" size={22} />
      <p>
        <strong>{t("offline.title")}.</strong> {t("offline.walks")}
      </p>
    </div>
  );
}

export function UpdateNotice(): VNode | null {
  const update = applyUpdate.value;
  // Rule 13: nothing changes under the hands of somebody who is recording.
  if (!update || isInside(route.value)) return null;
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

/** Somebody carries on without a session: all is kept here, and it is said how it leaves the phone. */
export function PausedNotice(): VNode | null {
  if (!paused.value) return null;
  return (
    <div class="notice" role="status" data-testid="paused">
      <Icon name="person" size={22} />
      <p>
        <strong>{t("paused.title")}</strong> {t("paused.help", { name: me.value?.user.name ?? "" })}
      </p>
      <button type="button" class="button" onClick={leavePaused}>
        {t("paused.sign_in")}
      </button>
    </div>
  );
}
