import type { VNode } from "preact";
import type { Limit, Point } from "../../api/types";
import { formatShort, formatSpan, withUnit } from "../../i18n/format";
import { t, tData } from "../../i18n/t";
import { isViolated, levelRank } from "../../lib/limits";
import { aspectPath, devicePath } from "../../router";

function LimitRow({ limit, point }: { limit: Limit; point: Point }): VNode {
  const value = withUnit(formatShort(limit.value), point.unit === point.label ? null : point.unit);
  const broken = point.value !== null && point.quality !== "bad" && isViolated(limit, point.value);
  const kind = tData("limit.kind", limit.kind);
  const delay =
    limit.on_delay_s > 0
      ? t("limit.delay", { delay: formatSpan(limit.on_delay_s) })
      : t("limit.at_once");
  return (
    <li
      class={broken ? `limit-row level-${limit.level} is-broken` : `limit-row level-${limit.level}`}
    >
      <span class="limit-swatch" aria-hidden="true" />
      <span>
        <strong>{t(`level_title.${limit.level}`)}</strong>: {kind} {value}
        {broken ? <span class="limit-broken"> {t("limit.now_broken")}</span> : null}
        {limit.message ? <span class="limit-message">{limit.message}</span> : null}
        <span class="quiet">
          {t("limit.details", {
            delay,
            priority: tData("priority", limit.priority),
            version: limit.version,
          })}
        </span>
      </span>
    </li>
  );
}

export function LimitList({ point }: { point: Point }): VNode {
  const limits = [...point.limits].sort(
    (a, b) => levelRank(b.level) - levelRank(a.level) || b.value - a.value,
  );
  return (
    <section class="card" aria-labelledby="limits-title">
      <h2 class="card-title" id="limits-title">
        {t("limit.title")}
      </h2>
      {limits.length === 0 ? <p class="quiet">{t("limit.none")}</p> : null}
      <ul class="limit-list">
        {limits.map((limit) => (
          <LimitRow key={limit.id} limit={limit} point={point} />
        ))}
      </ul>
    </section>
  );
}

export function AboutPoint({ point }: { point: Point }): VNode {
  const facts: [string, string | undefined][] = [
    [t("point.location"), point.location?.path],
    [t("point.identity"), point.point],
  ];
  return (
    <section class="card" aria-labelledby="about-title">
      <h2 class="card-title" id="about-title">
        {t("point.about")}
      </h2>
      <dl class="facts facts-list">
        {point.aspect ? (
          <div class="fact">
            <dt>{t("point.aspect")}</dt>
            <dd>
              <a class="aspect-link" href={aspectPath(point.aspect.id)}>
                {point.aspect.name}
              </a>
            </dd>
          </div>
        ) : null}
        <div class="fact">
          <dt>{t("point.device")}</dt>
          <dd>
            <a class="aspect-link" href={devicePath(point.device)}>
              {point.device_name}
            </a>
          </dd>
        </div>
        {facts.map(([name, value]) =>
          value ? (
            <div key={name} class="fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </section>
  );
}
