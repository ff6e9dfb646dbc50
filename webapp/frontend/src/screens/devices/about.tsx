import type { ComponentChildren, VNode } from "preact";
import type { Caveat, DeviceDetail, SuggestedLimit } from "../../api/device-types";
import { deadLettersUrl } from "../../api/devices";
import { Icon } from "../../components/icons";
import { When } from "../../components/time";
import { formatShort, formatWhen, withUnit } from "../../i18n/format";
import { t, tData } from "../../i18n/t";
import { aspectPath } from "../../router";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";
import { formatEvery, metricName } from "./words";

function Fact({ name, children }: { name: string; children: ComponentChildren }): VNode {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function AboutDevice({ device }: { device: DeviceDetail }): VNode {
  const { location, aspect, first_seen_at: first } = device;
  return (
    <section class="card" aria-labelledby="about-title">
      <h2 class="card-title" id="about-title">
        <Icon name="sensor" size={20} />
        {t("device.about")}
      </h2>
      <dl class="facts facts-list">
        {device.profile_name ? <Fact name={t("device.product")}>{device.profile_name}</Fact> : null}
        <Fact name={t("point.location")}>{location?.path ?? t("device.no_place")}</Fact>
        {aspect ? (
          <Fact name={t("point.aspect")}>
            <a class="aspect-link" href={aspectPath(aspect.id)}>
              {aspect.name}
            </a>
          </Fact>
        ) : null}
        <Fact name={t("device.native")}>{device.source_name}</Fact>
        <Fact name={t("device.id")}>
          <code>{device.id}</code>
        </Fact>
        {first ? (
          <Fact name={t("device.first_seen")}>
            <When at={first} />
          </Fact>
        ) : null}
      </dl>
    </section>
  );
}

/** Only addresses of the web: a profile's file may come from anybody. */
function hostOf(link: string): string | null {
  const url = URL.canParse(link) ? new URL(link) : null;
  return url && /^https?:$/.test(url.protocol) ? url.host : null;
}

/** Several in a row may rest on one page: it is named once, after the last of them. */
function CaveatItem({ caveat, next }: { caveat: Caveat; next: Caveat | undefined }): VNode {
  const { text, link } = caveat;
  const host = link === next?.link ? null : hostOf(link);
  return (
    <li>
      {text}
      {host ? (
        <a class="more-link" href={link} target="_blank" rel="noopener noreferrer">
          {t("device.more", { host })}
        </a>
      ) : null}
    </li>
  );
}

export function Caveats({ caveats }: { caveats: Caveat[] }): VNode | null {
  if (caveats.length === 0) return null;
  return (
    <section class="card" aria-labelledby="caveats-title">
      <h2 class="card-title" id="caveats-title">
        <Icon name="attention" size={20} />
        {t("device.caveats")}
      </h2>
      <ul class="caveats">
        {caveats.map((caveat, index) => (
          <CaveatItem key={caveat.text} caveat={caveat} next={caveats[index + 1]} />
        ))}
      </ul>
    </section>
  );
}

function limitLine({ metric, kind, level, value, unit }: SuggestedLimit, name: NameOf): string {
  return t("device.hint_limit", {
    metric: name(metric),
    level: t(`level_title.${level}`),
    kind: t(kind === "low" ? "device.hint_low" : "device.hint_high"),
    value: withUnit(formatShort(value), unit === "pH" ? null : unit),
  });
}

type NameOf = (metric: string) => string;

/** The server's word, where the device has sent the metric. */
const nameIn =
  (device: DeviceDetail): NameOf =>
  (metric) =>
    device.values?.find((value) => value.metric === metric)?.label ?? metricName(metric);

/** Hints, and said to be no more than that. */
export function Hints({ device }: { device: DeviceDetail }): VNode | null {
  const { limits = [], calibration = [] } = device;
  const name = nameIn(device);
  if (limits.length + calibration.length === 0) return null;
  return (
    <section class="card" aria-labelledby="hints-title">
      <h2 class="card-title" id="hints-title">
        <Icon name="meter" size={20} />
        {t("device.hints")}
      </h2>
      <ul class="hints">
        {calibration.map(({ every_days, metrics }) => (
          <li key={metrics.join()}>
            {t("device.hint_calibrate", {
              metrics: metrics.map(name).join(", ") || t("device.hint_all"),
              every: formatEvery(every_days * 86_400),
            })}
          </li>
        ))}
        {limits.map((limit) => (
          <li key={limitLine(limit, name)}>
            {limitLine(limit, name)}
            {limit.why ? <span class="quiet hint-why">{limit.why}</span> : null}
          </li>
        ))}
      </ul>
      <p class="card-note">{t("device.hints_help")}</p>
    </section>
  );
}

export function DeadLetters({
  letters,
  topic,
}: {
  letters: NonNullable<DeviceDetail["dead_letters"]>;
  topic: string;
}): VNode {
  const when = (at: string): string => formatWhen(Date.parse(at), zone.value, serverNow());
  return (
    <section class="card" aria-labelledby="dead-title" data-testid="dead-letters">
      <h2 class="card-title" id="dead-title">
        <Icon name="note" size={20} />
        {t("device.dead")}
      </h2>
      <p>
        {letters.count > 0
          ? t("device.dead_count", { count: letters.count })
          : t("device.dead_none")}
      </p>
      <ul class="dead-list">
        {letters.latest.map(({ id, reason, detail, count, last_seen_at }) => (
          <li key={id}>
            <strong>{tData("dead", reason)}</strong>
            <span class="dead-detail">{detail}</span>
            <span class="quiet">{t("device.dead_times", { count, time: when(last_seen_at) })}</span>
          </li>
        ))}
      </ul>
      {letters.count > 0 ? (
        <a class="more-link" href={deadLettersUrl(topic)} target="_blank" rel="noopener">
          {t("device.dead_all")}
        </a>
      ) : null}
    </section>
  );
}
