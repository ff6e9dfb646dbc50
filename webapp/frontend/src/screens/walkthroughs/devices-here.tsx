import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Device } from "../../api/device-types";
import { QualityTag } from "../../components/marks";
import { ValueText } from "../../components/point-row";
import { Age } from "../../components/time";
import { t } from "../../i18n/t";
import { displayName } from "../../lib/devices";
import { qualityAt } from "../../lib/quality";
import { devicePath, pointPath } from "../../router";
import { now } from "../../store/clock";
import { heardAt } from "../../store/devices";
import type { Failure, Load } from "../../store/load";
import { type PointSignal, points } from "../../store/points";
import { siteId } from "../../store/session";
import { devices, loadDevices, showKeptDevices } from "../../store/site-state";
import type { KnownPlace } from "../../work/reference";
import { isWithin } from "./here";

const SHOWN = 6;

function Value({ item }: { item: PointSignal }): VNode {
  const point = item.value;
  return (
    <li>
      <a
        class="here-value"
        href={pointPath(point.device, point.metric)}
        data-testid={`here-${point.point}`}
      >
        <span class="quiet">{point.label}</span>
        <ValueText point={point} />
        <QualityTag view={qualityAt(point, now.value)} />
      </a>
    </li>
  );
}

function DeviceHere({ device }: { device: Device }): VNode {
  const known = device.points.flatMap((metric) => points.value.get(`${device.id}/${metric}`) ?? []);
  const more = known.length - SHOWN;
  return (
    <li class="here-device">
      <p class="here-device-head">
        <a href={devicePath(device.id)}>{displayName(device)}</a>
        <span class="quiet">
          {t("devices.heard")} <Age at={heardAt(device)} />
        </span>
      </p>
      {known.length > 0 ? (
        <ul class="here-values">
          {known.slice(0, SHOWN).map((item) => (
            <Value key={item.peek().point} item={item} />
          ))}
        </ul>
      ) : null}
      {more > 0 ? <p class="quiet">{t("devices.more_values", { count: more })}</p> : null}
    </li>
  );
}

function waitingText(status: Load<unknown>["status"], failure: Failure | null): string {
  if (status !== "failed") return t("app.loading");
  return t(failure === "unreachable" ? "here.devices_offline" : "devices.failed");
}

/** What is measured where one stands: as it was last known, when there is no network. */
export function DevicesHere({ place }: { place: KnownPlace }): VNode {
  useEffect(() => {
    void showKeptDevices();
    void loadDevices();
  }, [siteId.value]);
  const { data, status, failure } = devices.state.value;
  const here = (data ?? [])
    .filter(({ state, location }) => state === "active" && isWithin(location?.id ?? null, place))
    .sort((a, b) => displayName(a).localeCompare(displayName(b)));
  return (
    <section aria-labelledby="devices-here">
      <h2 class="section-title" id="devices-here">
        {t("here.devices")}
        {here.length > 0 ? <span class="tab-count">{here.length}</span> : null}
      </h2>
      {here.length > 0 ? (
        <ul class="rows">
          {here.map((device) => (
            <DeviceHere key={device.id} device={device} />
          ))}
        </ul>
      ) : (
        <p class="quiet">{data ? t("here.no_devices") : waitingText(status, failure)}</p>
      )}
    </section>
  );
}
