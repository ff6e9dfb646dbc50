import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { DeviceDetail } from "../../api/device-types";
import { Icon } from "../../components/icons";
import { PointRow } from "../../components/point-row";
import { Loading, StateMessage } from "../../components/states";
import { formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { displayName } from "../../lib/devices";
import { goBack } from "../../router";
import { serverNow } from "../../store/clock";
import {
  detail,
  detailAt,
  lastDone,
  loadDevice,
  openDevice,
  showKeptDevice,
} from "../../store/devices";
import { points } from "../../store/points";
import { mayManage, siteId, zone } from "../../store/session";
import { devices } from "../../store/site-state";
import { AboutDevice, Caveats, DeadLetters, Hints } from "./about";
import { AdoptSheet } from "./adopt-sheet";
import { HealthCard } from "./health-card";
import { LabelsSheet } from "./labels-sheet";
import { LastMessageCard } from "./last-message";
import { FirstValues, LooksLike } from "./new-device";

const REFRESH_MS = 10_000;
const NOTICE_MS = 12_000;

function Head({ device }: { device: DeviceDetail }): VNode {
  return (
    <div class="page-head device-head">
      <p class="overline">{device.location?.path ?? t("device.no_place")}</p>
      <h1>{displayName(device)}</h1>
    </div>
  );
}

/** Said once, where the person looks after having done it. */
function AdoptedNotice({ id }: { id: string }): VNode {
  const now = lastDone.value?.id === id ? lastDone.value : null;
  useEffect(() => {
    if (!now) return undefined;
    const timer = setTimeout(() => {
      lastDone.value = null;
    }, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div role="status">
      {now ? (
        <p class="adopted" data-testid="adopted">
          <Icon name="check" size={22} />
          {t(`device.done.${now.done}`)}
        </p>
      ) : null}
    </div>
  );
}

function AsOf(): VNode | null {
  const at = detailAt.value;
  if (detail.state.value.status !== "failed" || at === null) return null;
  const time = formatWhen(at, zone.value, serverNow());
  return (
    <p class="as-of" role="status" data-testid="as-of">
      <Icon name="clock" size={18} />
      {t("devices.as_of", { time })}
    </p>
  );
}

function Points({ device }: { device: DeviceDetail }): VNode {
  const items = [...points.value.values()].filter((item) => item.peek().device === device.id);
  const values = device.values ?? [];
  return (
    <section aria-labelledby="points-title">
      <h2 class="section-title" id="points-title">
        {t(device.state === "unassigned" ? "device.first_values" : "device.points")}
      </h2>
      {items.length > 0 ? (
        <ul class="rows">
          {items.map((item) => (
            <PointRow key={item.peek().point} item={item} />
          ))}
        </ul>
      ) : null}
      {items.length === 0 && values.length > 0 ? (
        <div class="card">
          <FirstValues values={values} whole={values.length} />
        </div>
      ) : null}
      {items.length === 0 && values.length === 0 ? (
        <StateMessage title={t("device.no_points")} help={t("device.no_points_help")} icon="live" />
      ) : null}
    </section>
  );
}

type Open = "change" | "label" | null;

/** Where the thumb is, and only for those who may. */
function Actions({ device }: { device: DeviceDetail }): VNode | null {
  const open = useSignal<Open>(null);
  const close = (): void => {
    open.value = null;
  };
  // A retired device stays as it was.
  if (!mayManage.value || device.state === "retired") return null;
  const isNew = device.state === "unassigned";
  return (
    <div class="device-actions">
      <button
        type="button"
        class={isNew ? "button button-primary" : "button"}
        data-testid={isNew ? "adopt" : "change"}
        onClick={() => {
          open.value = "change";
        }}
      >
        <Icon name={isNew ? "check" : "note"} size={20} />
        {t(isNew ? "devices.adopt" : "device.change")}
      </button>
      {isNew ? null : (
        <button
          type="button"
          class="button"
          data-testid="print-label"
          onClick={() => {
            open.value = "label";
          }}
        >
          <Icon name="print" size={20} />
          {t("device.label")}
        </button>
      )}
      {open.value === "change" ? <AdoptSheet device={device} onClose={close} /> : null}
      {open.value === "label" ? <LabelsSheet only={device} onClose={close} /> : null}
    </div>
  );
}

function Found({ device }: { device: DeviceDetail }): VNode {
  // The list alone knows nothing of caveats.
  const partly = device.caveats === undefined;
  const stays = partly && detail.state.value.status === "failed";
  return (
    <div class="point-page device-page" data-testid={`device-page-${device.id}`}>
      <div class="point-main">
        <Head device={device} />
        <AdoptedNotice id={device.id} />
        <AsOf />
        {device.state === "unassigned" ? <LooksLike device={device} /> : null}
        <HealthCard device={device} />
        <Actions device={device} />
        <Points device={device} />
        {stays ? <p class="quiet">{t("device.partly")}</p> : null}
      </div>
      <div class="point-side">
        <AboutDevice device={device} />
        <Caveats caveats={device.caveats ?? []} />
        <Hints device={device} />
        {device.dead_letters ? (
          <DeadLetters letters={device.dead_letters} topic={device.topic ?? ""} />
        ) : null}
        {device.dead_letters ? <LastMessageCard message={device.last_message ?? null} /> : null}
      </div>
    </div>
  );
}

function Body({ id }: { id: string }): VNode {
  const { status, data, failure } = detail.state.value;
  if (status === "failed" && failure === "missing")
    return (
      <StateMessage alone title={t("device.unknown")} help={t("device.unknown_help")} icon="search">
        <a class="button" href="/devices">
          {t("devices.all")}
        </a>
      </StateMessage>
    );
  // What the list says stands there at once, so that there is a heading to go to.
  const listed = devices.state.value.data?.find((device) => device.id === id);
  const known = data?.id === id ? data : listed;
  if (known) return <Found device={known} />;
  if (status === "loading") return <Loading rows={4} />;
  return (
    <StateMessage
      alone
      title={t(failure === "unreachable" ? "offline.title" : "device.failed")}
      help={t(failure === "unreachable" ? "device.offline" : "load.server_help")}
      icon="offline"
      tone="problem"
    >
      <button type="button" class="button" onClick={() => void loadDevice(id)}>
        {t("app.retry")}
      </button>
    </StateMessage>
  );
}

export function DeviceScreen({ id }: { id: string }): VNode {
  const current = siteId.value;
  useEffect(() => {
    openDevice(id);
    void showKeptDevice(id);
    void loadDevice(id);
    const timer = setInterval(() => void loadDevice(id), REFRESH_MS);
    return () => clearInterval(timer);
  }, [id, current]);
  return (
    <>
      <button type="button" class="back-button" onClick={() => goBack("/devices")}>
        <Icon name="back" />
        {t("devices.all")}
      </button>
      <Body id={id} />
    </>
  );
}
