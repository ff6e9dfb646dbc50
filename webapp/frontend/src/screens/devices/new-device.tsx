import type { VNode } from "preact";
import type { Device, FirstValue } from "../../api/device-types";
import { QualityTag } from "../../components/marks";
import { Age, When } from "../../components/time";
import { t } from "../../i18n/t";
import { devicePath } from "../../router";
import { mayManage } from "../../store/session";
import { valueParts } from "./words";

const SHOWN = 6;

function Value({ value }: { value: FirstValue }): VNode {
  return (
    <div class="first-value" data-testid={`first-${value.metric}`}>
      <dt>{value.label}</dt>
      <dd>
        {valueParts(value).map((part) => (
          <>
            <span class="first-text">{part}</span>{" "}
          </>
        ))}
        <QualityTag view={{ quality: value.quality, reasons: value.reasons }} />
      </dd>
    </div>
  );
}

interface ValuesProps {
  values: FirstValue[];
  /** How many there are, of which the list has the first. */
  whole: number;
}

/** What it has said last, so that the one who stands before it can tell which one it is. */
export function FirstValues({ values, whole }: ValuesProps): VNode {
  const more = whole - values.length;
  if (values.length === 0) return <p class="quiet">{t("devices.no_values")}</p>;
  return (
    <>
      <dl class="first-values">
        {values.map((value) => (
          <Value key={value.metric} value={value} />
        ))}
      </dl>
      {more > 0 ? <p class="quiet">{t("devices.more_values", { count: more })}</p> : null}
    </>
  );
}

export function LooksLike({ device }: { device: Device }): VNode {
  const best = device.suggested?.[0];
  const name = best?.name ?? device.profile_name;
  if (!name) return <p class="looks-like quiet">{t("devices.unknown_kind")}</p>;
  return (
    <p class="looks-like">
      {t("devices.looks_like")} <strong>{name}</strong>{" "}
      {best ? <span class="quiet">({t("devices.finds", { count: best.metrics })})</span> : null}
    </p>
  );
}

interface Props {
  device: Device;
  onAdopt: (device: Device) => void;
}

export function NewDevice({ device, onAdopt }: Props): VNode {
  const { id, source_name: name, topic, first_seen_at: since } = device;
  return (
    <li class="card new-device" data-testid={`new-${id}`}>
      <h3 class="new-name">
        <a href={devicePath(id)}>{name || id}</a>
      </h3>
      <p class="new-topic">{topic ?? id}</p>
      <LooksLike device={device} />
      <FirstValues values={(device.values ?? []).slice(0, SHOWN)} whole={device.points.length} />
      <p class="quiet new-times">
        {since ? (
          <span>
            {t("devices.since")} <When at={since} />
          </span>
        ) : null}
        <span>
          {t("devices.heard")} <Age at={device.last_seen_at} />
        </span>
      </p>
      {mayManage.value ? (
        <button
          type="button"
          class="button button-primary button-wide adopt-button"
          data-testid={`adopt-${id}`}
          aria-label={t("devices.adopt_named", { name: name || id })}
          onClick={() => onAdopt(device)}
        >
          {t("devices.adopt")}
        </button>
      ) : null}
    </li>
  );
}
