import type { VNode } from "preact";
import { HourBars } from "../../components/hour-bars";
import { Icon, type IconName } from "../../components/icons";
import { formatAmount, formatPercent, unitLabel, withUnit } from "../../i18n/format";
import { t } from "../../i18n/t";
import { startOfDay } from "../../lib/zone";
import { pointPath } from "../../router";
import { zone } from "../../store/session";
import type { DayUse } from "../../store/today";

const SAME = 0.005;

/** Just after midnight a meter that speaks once a minute has hardly spoken: that is no comparison. */
const TOO_EARLY_MS = 30 * 60_000;

function Comparison({ use, at }: { use: DayUse; at: number }): VNode | null {
  if (use.yesterday === null || use.yesterday <= 0) return null;
  if (at - startOfDay(at, zone.value) < TOO_EARLY_MS) return null;
  const change = use.today / use.yesterday - 1;
  const percent = formatPercent(Math.abs(change));
  const same = Math.abs(change) < SAME;
  const icon: IconName = same ? "equal" : change > 0 ? "up" : "down";
  const text = same
    ? t("today.same_as")
    : t(change > 0 ? "today.more_than" : "today.less_than", { percent });
  const before = withUnit(formatAmount(use.yesterday), use.point.unit);
  return (
    <p class="compare" title={t("today.yesterday_by_now", { value: before })}>
      <Icon name={icon} size={18} />
      {text}
    </p>
  );
}

function Leading({ use, at }: { use: DayUse; at: number }): VNode {
  return (
    <div class="use-lead">
      <a class="use-name" href={pointPath(use.point.device, use.point.metric)}>
        {use.point.device_name}
      </a>
      <p class="use-figure">
        <span class="figure">{formatAmount(use.today)}</span>{" "}
        <span class="unit">{unitLabel(use.point.unit)}</span>
      </p>
      <Comparison use={use} at={at} />
      <HourBars use={use} start={startOfDay(at, zone.value)} />
    </div>
  );
}

function Further({ use, largest, at }: { use: DayUse; largest: number; at: number }): VNode {
  const share = largest > 0 ? (use.today / largest) * 100 : 0;
  return (
    <li>
      <a class="use-row" href={pointPath(use.point.device, use.point.metric)}>
        <span class="use-row-name">{use.point.device_name}</span>
        <span class="use-row-value">{withUnit(formatAmount(use.today), use.point.unit)}</span>
        <svg class="use-row-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="rail-track" width="100" height="4" />
          <rect class="bars-bar" width={share.toFixed(1)} height="4" />
        </svg>
        <span class="use-row-compare">
          <Comparison use={use} at={at} />
        </span>
      </a>
    </li>
  );
}

interface Props {
  title: string;
  icon: IconName;
  uses: DayUse[];
  at: number;
  note?: string;
}

export function UseCard({ title, icon, uses, at, note }: Props): VNode | null {
  const [first, ...others] = uses;
  if (!first) return null;
  return (
    <section class="card" aria-label={title}>
      <h2 class="card-title">
        <Icon name={icon} size={20} />
        {title}
      </h2>
      <Leading use={first} at={at} />
      {others.length > 0 ? (
        <ul class="use-rows">
          {others.map((use) => (
            <Further key={use.point.point} use={use} largest={first.today} at={at} />
          ))}
        </ul>
      ) : null}
      {note && others.length > 0 ? <p class="card-note">{note}</p> : null}
    </section>
  );
}
