import type { VNode } from "preact";
import type { Point } from "../api/types";
import { Icon } from "../components/icons";
import { LimitRail } from "../components/limit-rail";
import { QualityTag } from "../components/marks";
import { LimitText, ValueText } from "../components/point-row";
import { Age } from "../components/time";
import { readPref, writePref } from "../db/prefs";
import { formatNumber, formatWhen, unitLabel, withUnit } from "../i18n/format";
import { t } from "../i18n/t";
import { qualityAt } from "../lib/quality";
import { useTyped } from "../lib/typing";
import { now, serverNow } from "../store/clock";
import { isDown, liveState } from "../store/live";
import { knownAt, points } from "../store/points";
import { paused, zone } from "../store/session";
import type { AnswerChange } from "../work/record";
import type { Answer, ReadingSnapshot } from "../work/types";
import { judgeNumber, NumberField } from "./number-field";
import { snapshotOf } from "./snapshot";
import type { InputProps, QuestionType } from "./type";

const REST_MS = 1200;
const ANY = { min: null, max: null };
const INSTRUMENT = "instrument";

const unitOf = (of: { unit: string; label: string } | null | undefined): string | null =>
  of && of.unit !== of.label && of.unit !== "pH" ? of.unit : null;

/** The sensor as it is now: grey, and with its time, when it is not live. */
function SensorNow({ point }: { point: Point }): VNode {
  const down = isDown(liveState.value);
  return (
    <div class={down ? "sensor is-old" : "sensor"} data-testid="sensor-now">
      <p class="sensor-name">
        {point.label} · {point.device_name}
      </p>
      <p class="now-value">
        <ValueText point={point} />
      </p>
      <LimitRail point={point} />
      <p class="now-line">
        <QualityTag view={qualityAt(point, now.value)} />
        <LimitText point={point} />
        {down && point.observed_at ? (
          <span class="sensor-old">
            {t("reading.last_known", {
              time: formatWhen(Date.parse(point.observed_at), zone.value, serverNow()),
            })}
          </span>
        ) : (
          <Age at={point.observed_at} />
        )}
      </p>
      {point.quality === "bad" ? <p class="quiet">{t("reading.bad")}</p> : null}
    </div>
  );
}

const sensorText = (reading: ReadingSnapshot): string =>
  reading.value === null
    ? t("live.no_value")
    : withUnit(formatNumber(reading.value, reading.precision), unitOf(reading));

const withSign = (number: number, precision: number): string =>
  `${number < 0 ? "\u2212" : "+"}${formatNumber(Math.abs(number), precision)}`;

/** What was recorded, the handheld meter's value beside the sensor's. */
function Recorded({ answer }: { answer: Answer }): VNode | null {
  const { value, reading } = answer;
  if (!value || !("source" in value)) return null;
  const handheld = value.source === "handheld" ? value : null;
  const difference = handheld && reading?.value != null ? handheld.number - reading.value : null;
  return (
    <dl class="recorded" data-testid="recorded-reading">
      {reading ? (
        <div class={handheld ? "" : "is-counted"}>
          <dt>{t(handheld ? "reading.sensor" : "reading.taken")}</dt>
          <dd>{sensorText(reading)}</dd>
          <dd class="quiet">
            {formatWhen(Date.parse(reading.observed_at), zone.value, serverNow())}
          </dd>
        </div>
      ) : null}
      {handheld ? (
        <div class="is-counted">
          <dt>{handheld.instrument || t("reading.handheld")}</dt>
          <dd>{withUnit(handheld.text, unitOf(reading))}</dd>
          {difference === null ? null : (
            <dd class="quiet">
              {t("reading.difference", { value: withSign(difference, reading?.precision ?? 2) })}
            </dd>
          )}
        </div>
      ) : null}
    </dl>
  );
}

interface HandheldProps {
  answer: Answer | null;
  draft: string;
  unit: string | null;
  save: (change: AnswerChange) => Promise<boolean>;
  reading: () => ReadingSnapshot | null;
}

function Handheld({ answer, draft, unit, save, reading }: HandheldProps): VNode {
  const value = answer?.value;
  const known = value && "source" in value && value.source === "handheld" ? value : null;
  const keep = (text: string, instrument: string): Promise<boolean> => {
    const judged = judgeNumber(text, ANY);
    if (!judged.ok)
      return judged.empty && known
        ? save({ value: null, reading: null })
        : Promise.resolve(judged.empty);
    const { number } = judged;
    return save({
      value: { source: "handheld", number, text: judged.text, instrument },
      // The sensor's value of the moment when the number was first typed stays beside it.
      reading: known ? (answer?.reading ?? null) : reading(),
    });
  };
  const instrument = useTyped({
    name: `${draft}.instrument`,
    stored: known?.instrument ?? readPref(INSTRUMENT) ?? "",
    save: (name) => {
      writePref(INSTRUMENT, name.trim());
      return known ? keep(known.text, name.trim()) : Promise.resolve(true);
    },
    delay: REST_MS,
  });
  const typed = useTyped({
    name: `${draft}.handheld`,
    stored: known?.text ?? "",
    save: (text) => keep(text, instrument.text.peek().trim()),
    delay: REST_MS,
  });
  return (
    <fieldset class="handheld">
      <legend class="answer-hint">{t("reading.or_type")}</legend>
      <NumberField
        label={unit ? t("number.with_unit", { unit: unitLabel(unit) }) : t("number.label")}
        unit={unit ?? ""}
        typed={typed}
        bounds={ANY}
        testId="handheld-number"
      />
      <label class="field">
        <span class="field-label">{t("reading.instrument")}</span>
        <input
          class="input"
          maxLength={100}
          data-testid="handheld-instrument"
          autocomplete="off"
          value={instrument.text.value}
          onInput={(event) => instrument.input(event.currentTarget.value)}
          onBlur={instrument.flush}
        />
        <span class="field-hint">{t("reading.instrument_hint")}</span>
      </label>
    </fieldset>
  );
}

function Input({ item, answer, save, draft }: InputProps): VNode {
  const point = points.value.get(item.point ?? "")?.value;
  // Opened without a network and without kept values nothing is known of any sensor.
  const snapshot = (): ReadingSnapshot | null =>
    point && knownAt.peek() !== null
      ? snapshotOf(point, serverNow(), !isDown(liveState.peek()))
      : null;
  const taken = answer?.value && "source" in answer.value && answer.value.source === "sensor";
  const take = (): void => {
    const reading = snapshot();
    if (reading) void save({ value: { source: "sensor" }, reading });
  };
  return (
    <div class="answers">
      {point ? (
        <SensorNow point={point} />
      ) : (
        <p class="answer-hint">
          {paused.value
            ? t("reading.signed_out")
            : t("reading.not_here", { point: item.point ?? "" })}
        </p>
      )}
      {point && point.value === null ? <p class="answer-hint">{t("reading.none")}</p> : null}
      {answer ? <Recorded answer={answer} /> : null}
      <button
        type="button"
        class="answer answer-take"
        data-testid="take-reading"
        aria-pressed={taken ?? false}
        disabled={!point || point.value === null}
        onClick={take}
      >
        <Icon name="meter" size={28} />
        {t("reading.take")}
      </button>
      <Handheld
        answer={answer}
        draft={draft}
        unit={unitOf(point ?? answer?.reading)}
        save={save}
        reading={snapshot}
      />
    </div>
  );
}

export const reading: QuestionType = {
  Input,
  text: (_item, { value, reading: seen }) => {
    if (!value || !("source" in value)) return "";
    if (value.source === "sensor") return seen ? sensorText(seen) : t("live.no_value");
    const typed = withUnit(value.text, unitOf(seen));
    const named = value.instrument
      ? t("reading.text_named", { value: typed, instrument: value.instrument })
      : t("reading.text_handheld", { value: typed });
    return seen ? `${named}; ${t("reading.text_sensor", { value: sensorText(seen) })}` : named;
  },
  keys: () => t("item.keys"),
};
