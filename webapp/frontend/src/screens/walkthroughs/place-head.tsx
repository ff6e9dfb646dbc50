import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../../components/icons";
import { StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import { isDown, liveState } from "../../store/live";
import { paused, site } from "../../store/session";
import type { KnownPlace } from "../../work/reference";
import { places } from "../../work/store";

/** A phone that was never here before fetches the places first. */
const FETCH_MS = 8_000;

const All = (): VNode => (
  <a class="button" href="/walkthroughs">
    {t("walk.all")}
  </a>
);

function Unknown(): VNode {
  const waiting = useSignal(places.value.size === 0);
  useEffect(() => {
    const timer = setTimeout(() => {
      waiting.value = false;
    }, FETCH_MS);
    return () => clearTimeout(timer);
  }, []);
  if (isDown(liveState.value) || paused.value)
    return (
      <StateMessage title={t("here.offline")} help={t("here.offline_help")} icon="offline">
        <All />
      </StateMessage>
    );
  if (waiting.value && places.value.size === 0)
    return (
      <p class="quiet" role="status">
        {t("here.looking")}
      </p>
    );
  const name = site.value?.name ?? "";
  return (
    <StateMessage
      title={t("here.unknown", { site: name })}
      help={t("here.unknown_help")}
      icon="pin"
    >
      <All />
    </StateMessage>
  );
}

/** Where the label that was scanned says that one stands; null: the label's place is not known here. */
export function PlaceHead({ place }: { place: KnownPlace | null }): VNode {
  return (
    <div class="here-head" data-testid="here">
      {place ? (
        <>
          <Icon name="pin" />
          <p class="here-place">
            <span class="quiet">{t("here.at")} </span>
            <strong>{place.path}</strong>
          </p>
          <a
            class="button here-clear"
            href="/walkthroughs"
            aria-label={t("here.clear")}
            data-testid="clear-place"
          >
            <Icon name="close" size={20} />
          </a>
        </>
      ) : (
        <Unknown />
      )}
    </div>
  );
}
