import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Device, OwnValue } from "../../api/device-types";
import { Icon } from "../../components/icons";
import { SearchField } from "../../components/search-field";
import { Loading, RetryState, StateMessage } from "../../components/states";
import { Age } from "../../components/time";
import { formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import {
  byPlace,
  charge,
  type DevicePlace,
  displayName,
  healthAt,
  matches,
} from "../../lib/devices";
import { devicePath } from "../../router";
import { serverNow } from "../../store/clock";
import { heardAt, judgedAt } from "../../store/devices";
import { points } from "../../store/points";
import { mayManage, site, zone } from "../../store/session";
import {
  devices,
  devicesAt,
  loadDevices,
  newDevices,
  showKeptDevices,
} from "../../store/site-state";
import { AdoptSheet } from "./adopt-sheet";
import { LabelsSheet } from "./labels-sheet";
import { Battery, HealthMark } from "./marks";
import { NewDevice } from "./new-device";

/** A gateway that was let loose brings thousands: the newest are drawn, the rest when asked for. */
const SHOWN_AT_FIRST = 50;
/** New devices are watched while somebody looks: is it this one that I have just switched on? */
const WATCH_MS = 5_000;
const REFRESH_MS = 20_000;

function batteryOf(device: Device): OwnValue | null {
  const point = points.value.get(`${device.id}/battery`)?.value;
  if (!point || point.value === null) return null;
  const { metric, value, unit, observed_at } = point;
  return { metric, value, unit, observed_at };
}

function Row({ device }: { device: Device }): VNode {
  const battery = batteryOf(device);
  const heard = { ...device, last_seen_at: heardAt(device) };
  const shown = battery && charge(battery) !== "unrated" ? battery : null;
  return (
    <li>
      <a class="device-row" href={devicePath(device.id)} data-testid={`device-${device.id}`}>
        <span class="device-name">{displayName(device)}</span>
        <HealthMark health={healthAt(heard, judgedAt(devicesAt.value))} />
        <span class="device-sub quiet">
          {[device.profile_name, device.aspect?.name].filter(Boolean).join(" · ")}
        </span>
        <span class="device-foot quiet">
          {shown ? <Battery battery={shown} /> : null}
          <span>
            {t("devices.heard")} <Age at={heard.last_seen_at} />
          </span>
        </span>
      </a>
    </li>
  );
}

function Group({ group }: { group: DevicePlace }): VNode {
  const title = group.path ?? t("device.no_place");
  const steps = title.split(" / ");
  const last = steps.pop() ?? title;
  return (
    <section class="place" aria-label={title}>
      <h2 class="place-title">
        {steps.length > 0 ? <span class="place-path">{steps.join(" / ")} / </span> : null}
        {last}
      </h2>
      <ul class="rows">
        {group.devices.map((device) => (
          <Row key={device.id} device={device} />
        ))}
      </ul>
    </section>
  );
}

function NewDevices({ onAdopt }: { onAdopt: (device: Device) => void }): VNode | null {
  const waiting = [...newDevices.value].sort((a, b) =>
    (b.first_seen_at ?? "").localeCompare(a.first_seen_at ?? ""),
  );
  const whole = useSignal(false);
  if (waiting.length === 0) return null;
  const shown = whole.value ? waiting : waiting.slice(0, SHOWN_AT_FIRST);
  return (
    <section class="new-devices" aria-labelledby="new-title" data-testid="new-devices">
      <h2 class="section-title" id="new-title">
        {t("devices.new_title")}
        <span class="tab-count">{waiting.length}</span>
      </h2>
      <p class="quiet new-intro">{t("devices.new_help")}</p>
      <ul class="new-list">
        {shown.map((device) => (
          <NewDevice key={device.id} device={device} onAdopt={onAdopt} />
        ))}
      </ul>
      {shown.length < waiting.length ? (
        <button
          type="button"
          class="button"
          data-testid="new-all"
          onClick={() => {
            whole.value = true;
          }}
        >
          {t("devices.new_all", { count: waiting.length })}
        </button>
      ) : null}
    </section>
  );
}

function Known({ all }: { all: Device[] }): VNode | null {
  const text = useSignal("");
  const assigned = all.filter((device) => device.state !== "unassigned");
  const found = assigned.filter((device) => matches(device, text.value));
  const active = byPlace(found.filter((device) => device.state === "active"));
  const retired = byPlace(found.filter((device) => device.state === "retired"));
  const old = retired.flatMap((group) => group.devices);
  if (assigned.length === 0) return null;
  return (
    <>
      <search class="device-search">
        <SearchField
          label={t("devices.search")}
          hint={t("devices.search_hint")}
          text={text.value}
          onText={(value) => {
            text.value = value;
          }}
        />
      </search>
      {found.length === 0 ? (
        <StateMessage title={t("devices.search_none", { text: text.value })} icon="search">
          <button
            type="button"
            class="button"
            onClick={() => {
              text.value = "";
            }}
          >
            {t("devices.search_clear")}
          </button>
        </StateMessage>
      ) : null}
      <div class="places">
        {active.map((group) => (
          <Group key={group.id} group={group} />
        ))}
      </div>
      {old.length > 0 ? (
        <details class="values retired">
          <summary>{t("devices.retired", { count: old.length })}</summary>
          <ul class="rows">
            {old.map((device) => (
              <Row key={device.id} device={device} />
            ))}
          </ul>
        </details>
      ) : null}
    </>
  );
}

function Body({ onAdopt }: { onAdopt: (device: Device) => void }): VNode {
  const { status, data, failure } = devices.state.value;
  if (!data) {
    if (status === "loading") return <Loading rows={5} />;
    return (
      <RetryState
        title={t(failure === "unreachable" ? "offline.title" : "devices.failed")}
        help={t(failure === "unreachable" ? "devices.offline" : "load.server_help")}
        onRetry={() => void loadDevices()}
      />
    );
  }
  if (data.length === 0)
    return <StateMessage title={t("devices.empty")} help={t("devices.empty_help")} icon="sensor" />;
  return (
    <>
      {status === "failed" && devicesAt.value ? (
        <p class="as-of" role="status" data-testid="as-of">
          <Icon name="clock" size={18} />
          {t("devices.as_of", { time: formatWhen(devicesAt.value, zone.value, serverNow()) })}
        </p>
      ) : null}
      <NewDevices onAdopt={onAdopt} />
      <Known all={data} />
    </>
  );
}

function useDevices(siteId: string): void {
  const waiting = newDevices.value.length > 0;
  useEffect(() => {
    void showKeptDevices();
    void loadDevices();
  }, [siteId]);
  useEffect(() => {
    const timer = setInterval(() => void loadDevices(), waiting ? WATCH_MS : REFRESH_MS);
    return () => clearInterval(timer);
  }, [siteId, waiting]);
}

export function DeviceList(): VNode {
  useDevices(site.value?.id ?? "");
  const adopting = useSignal<Device | null>(null);
  const labels = useSignal(false);
  const count = (devices.state.value.data ?? []).filter(({ state }) => state === "active").length;
  return (
    <>
      <div class="page-head">
        <h1>{t("devices.title")}</h1>
        {count > 0 ? <p class="quiet device-count">{t("devices.count", { count })}</p> : null}
        {mayManage.value && count > 0 ? (
          <button
            type="button"
            class="button labels-button"
            data-testid="labels"
            onClick={() => {
              labels.value = true;
            }}
          >
            <Icon name="print" size={20} />
            {t("labels.open")}
          </button>
        ) : null}
      </div>
      <Body
        onAdopt={(device) => {
          adopting.value = device;
        }}
      />
      {adopting.value ? (
        <AdoptSheet
          device={adopting.value}
          onClose={() => {
            adopting.value = null;
          }}
        />
      ) : null}
      {labels.value ? (
        <LabelsSheet
          onClose={() => {
            labels.value = false;
          }}
        />
      ) : null}
    </>
  );
}
