import type { VNode } from "preact";
import type { DeviceDetail } from "../../api/device-types";
import { formatSpan, formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { gapsIn, type Span } from "../../lib/devices";
import { serverNow } from "../../store/clock";
import { detailAt, heardAt, judgedAt } from "../../store/devices";
import { isDown, liveState } from "../../store/live";
import { zone } from "../../store/session";
import { Battery, HealthMark, Signal } from "./marks";
import { healthWords } from "./words";

const DAY_MS = 86_400_000;
const WIDTH = 480;
const HEIGHT = 28;
/** A gap of two minutes would be narrower than a hair. */
const LEAST_WIDTH = 3;

const length = ({ from, to }: Span): number => (to - from) / 1000;

/** `since`: when it first spoke, if that was within the day. */
function gapsText(gaps: Span[], since: number | null): string {
  if (gaps.length === 0) {
    if (since === null) return t("device.gaps_none");
    return t("device.gaps_none_since", { time: formatWhen(since, zone.value, serverNow()) });
  }
  const whole = gaps.reduce((sum, gap) => sum + length(gap), 0);
  return t("device.gaps_some", { count: gaps.length, span: formatSpan(whole) });
}

function gapLine(gap: Span): string {
  const when = (at: number): string => formatWhen(at, zone.value, serverNow());
  return t("device.gap", {
    from: when(gap.from),
    to: when(gap.to),
    span: formatSpan(length(gap)),
  });
}

/** The bar for the eye; the words under it say the same. */
function GapBar({ gaps, since, end }: { gaps: Span[]; since: number; end: number }): VNode {
  const start = end - DAY_MS;
  const x = (at: number): number => ((at - start) / DAY_MS) * WIDTH;
  return (
    <svg
      class="gap-bar"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect class="gap-before" y="6" width={WIDTH} height={HEIGHT - 12} />
      <rect class="gap-heard" x={x(since)} y="6" width={WIDTH - x(since)} height={HEIGHT - 12} />
      {gaps.map((gap) => {
        const width = Math.max(LEAST_WIDTH, x(gap.to) - x(gap.from));
        return (
          <rect
            key={gap.from}
            class="gap-gap"
            x={Math.min(x(gap.from), WIDTH - width)}
            width={width}
            height={HEIGHT}
          />
        );
      })}
    </svg>
  );
}

export function Gaps({ device }: { device: DeviceDetail }): VNode | null {
  if (!device.gaps) return null;
  const end = detailAt.value ?? serverNow();
  const gaps = gapsIn(device.gaps, end - DAY_MS, end);
  const first = device.first_seen_at ? Date.parse(device.first_seen_at) : end;
  const since = Math.min(end, Math.max(first, end - DAY_MS));
  return (
    <div class="gaps" data-testid="gaps">
      <h3>{t("device.gaps")}</h3>
      <GapBar gaps={gaps} since={since} end={end} />
      <p class="gap-ends quiet" aria-hidden="true">
        <span>{t("device.gap_ago")}</span>
        <span>{t("device.gap_now")}</span>
      </p>
      <p>{gapsText(gaps, since > end - DAY_MS ? since : null)}</p>
      {gaps.length > 0 ? (
        <details class="values">
          <summary>{t("device.gap_times")}</summary>
          <ul class="gap-list">
            {gaps.map((gap) => (
              <li key={gap.from}>{gapLine(gap)}</li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}

/** Its own component, so that the ticking clock redraws a sentence and not the page. */
function Sentence({ device }: { device: DeviceDetail }): VNode {
  const heard = { ...device, last_seen_at: heardAt(device) };
  const { health, says, todo } = healthWords(
    heard,
    judgedAt(detailAt.value),
    isDown(liveState.value),
  );
  return (
    <>
      <p class="health-says" data-testid="health">
        <HealthMark health={health} />
        <span>{says}</span>
      </p>
      {todo ? <p class="quiet">{todo}</p> : null}
    </>
  );
}

function Lost({ count }: { count: number }): VNode {
  return (
    <p class="lost">
      <strong>{count > 0 ? t("device.lost", { count }) : t("device.lost_none")}</strong>{" "}
      <span class="quiet">{t("device.lost_help")}</span>
    </p>
  );
}

export function HealthCard({ device }: { device: DeviceDetail }): VNode {
  const { battery, signal, uplinks_lost: lost } = device;
  return (
    <section class="card health-card" aria-labelledby="health-title">
      <h2 class="sr-only" id="health-title">
        {t("device.health")}
      </h2>
      <Sentence device={device} />
      {battery || signal ? (
        <p class="device-owns">
          {battery ? <Battery battery={battery} /> : null}
          {signal ? <Signal signal={signal} /> : null}
        </p>
      ) : null}
      {typeof lost === "number" ? <Lost count={lost} /> : null}
      <Gaps device={device} />
    </section>
  );
}
