import "../../styles/devices.css";
import "../../styles/device-page.css";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import { navigate, placePath, type Route } from "../../router";
import { places } from "../../work/store";
import { DeviceScreen } from "./device";
import { DeviceList } from "./list";

/** The server sends a place's label on. Arriving here means that it could not be reached: the phone may know the place. */
function PlaceLabel({ token }: { token: string }): VNode {
  const known = [...places.value.values()].find((place) => place.token === token.toLowerCase());
  useEffect(() => {
    if (known) navigate(placePath(known.id), true);
  }, [known]);
  return (
    <StateMessage alone title={t("label.title")} help={t("label.offline")} icon="offline">
      <button type="button" class="button" onClick={() => location.reload()}>
        {t("app.retry")}
      </button>
    </StateMessage>
  );
}

/** What is installed: loaded when it is first opened. */
export default function Devices({ at }: { at: Route }): VNode {
  if (at.screen === "device") return <DeviceScreen key={at.id} id={at.id} />;
  return at.screen === "label" ? <PlaceLabel token={at.token} /> : <DeviceList />;
}
