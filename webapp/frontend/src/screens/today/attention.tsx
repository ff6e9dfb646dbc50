import type { VNode } from "preact";
import type { Device } from "../../api/types";
import { Icon, type IconName } from "../../components/icons";
import { QualityTag } from "../../components/marks";
import { Age } from "../../components/time";
import { formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { qualityAt } from "../../lib/quality";
import { devicePath, pointPath } from "../../router";
import { now, serverNow } from "../../store/clock";
import { type PointSignal, troubledPoints } from "../../store/points";
import { mayManage, zone } from "../../store/session";
import { newDevices, silentDevices } from "../../store/site-state";

function deviceTrouble(device: Device): string {
  if (!device.last_seen_at) return t("today.device_never");
  return t("today.device_silent", {
    time: formatWhen(Date.parse(device.last_seen_at), zone.value, serverNow()),
  });
}

interface ItemProps {
  href: string;
  icon: IconName;
  title: string;
  note: string;
}

function LinkItem({ href, icon, title, note }: ItemProps): VNode {
  return (
    <li>
      <a class="attention-item" href={href}>
        <span class="attention-icon">
          <Icon name={icon} size={20} />
        </span>
        <span>
          <strong>{title}</strong>
          <span class="quiet">{note}</span>
        </span>
        <Icon name="forward" size={20} />
      </a>
    </li>
  );
}

function PointItem({ item }: { item: PointSignal }): VNode {
  const point = item.value;
  return (
    <li>
      <a class="attention-item" href={pointPath(point.device, point.metric)}>
        <span class="attention-icon">
          <Icon name="live" size={20} />
        </span>
        <span>
          <strong>
            {point.label} · {point.device_name}
          </strong>
          <span class="attention-line">
            <QualityTag view={qualityAt(point, now.value)} />
            <Age at={point.observed_at} />
          </span>
        </span>
        <Icon name="forward" size={20} />
      </a>
    </li>
  );
}

/** A silent device speaks for its points: they are not listed a second time. */
export function Attention(): VNode | null {
  const devices = silentDevices.value;
  // Whoever cannot place them can do nothing about them.
  const waiting = mayManage.value ? newDevices.value.length : 0;
  const silent = new Set(devices.map((device) => device.id));
  const points = troubledPoints.value.filter((item) => !silent.has(item.peek().device));
  if (waiting + devices.length + points.length === 0) return null;
  return (
    <section class="card" aria-labelledby="attention-title">
      <h2 class="card-title" id="attention-title">
        <Icon name="clock" size={20} />
        {t("today.attention")}
      </h2>
      <ul class="attention">
        {waiting > 0 ? (
          <LinkItem
            href="/devices"
            icon="sensor"
            title={t("devices.new", { count: waiting })}
            note={t("devices.new_today")}
          />
        ) : null}
        {devices.map((device) => (
          <LinkItem
            key={device.id}
            href={devicePath(device.id)}
            icon="offline"
            title={device.name || device.source_name}
            note={deviceTrouble(device)}
          />
        ))}
        {points.map((item) => (
          <PointItem key={item.peek().point} item={item} />
        ))}
      </ul>
    </section>
  );
}
