import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { t } from "../../i18n/t";
import { allowPosition, fix, positionState } from "../../lib/position";

/** Asked once, with the reason, and before the browser asks. No photo ever waits for it. */
export function PositionCard(): VNode | null {
  if (positionState.value !== "ask") return null;
  return (
    <section class="card position-card" aria-labelledby="position-title">
      <h2 class="card-title" id="position-title">
        <Icon name="pin" />
        {t("position.why_title")}
      </h2>
      <p>{t("position.why")}</p>
      <div class="button-row">
        <button type="button" class="button" onClick={() => allowPosition(false)}>
          {t("position.no")}
        </button>
        <button
          type="button"
          class="button button-primary"
          data-testid="allow-position"
          onClick={() => allowPosition(true)}
        >
          {t("position.allow")}
        </button>
      </div>
    </section>
  );
}

export function PositionLine(): VNode | null {
  const state = positionState.value;
  if (state === "ask") return null;
  const known = fix.value;
  return (
    <p class="position-line">
      <Icon name="pin" size={16} />
      {state === "known" && known
        ? t("position.known", { metres: Math.ceil(known.accuracy) })
        : t(`position.${state === "known" ? "waiting" : state}`)}
    </p>
  );
}
