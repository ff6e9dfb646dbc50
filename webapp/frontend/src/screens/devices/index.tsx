import "../../styles/devices.css";
import "../../styles/device-page.css";
import type { VNode } from "preact";
import { StateMessage } from "../../components/states";
import { t } from "../../i18n/t";
import type { Route } from "../../router";
import { DeviceScreen } from "./device";
import { DeviceList } from "./list";

/** The server sends a place's label on to its page. Arriving here means that it could not be reached. */
function PlaceLabel(): VNode {
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
  return at.screen === "label" ? <PlaceLabel /> : <DeviceList />;
}
