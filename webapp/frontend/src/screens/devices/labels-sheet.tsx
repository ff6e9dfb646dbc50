import { type Signal, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Device } from "../../api/device-types";
import {
  getLocations,
  LABEL_SIZES,
  type LabelsOf,
  labelsUrl,
  MOST_LABELS,
} from "../../api/devices";
import { Sheet } from "../../components/sheet";
import { t } from "../../i18n/t";
import { displayName } from "../../lib/devices";
import { isDown, liveState } from "../../store/live";
import { site } from "../../store/session";
import { devices } from "../../store/site-state";
import { placeTree } from "./place-tree";

interface Item {
  id: string;
  name: string;
  note: string;
}

const KINDS: LabelsOf[] = ["devices", "locations"];

const deviceItem = (device: Device): Item => ({
  id: device.id,
  name: displayName(device),
  note: device.location?.path ?? "",
});

function useItems(siteId: string, of: LabelsOf): Item[] {
  const places = useSignal<Item[]>([]);
  useEffect(() => {
    if (of !== "locations" || places.value.length > 0) return;
    void getLocations(siteId).then(
      (found) => {
        places.value = placeTree(found).map(({ place: { id, name, path } }) => ({
          id,
          name,
          note: path === name ? "" : path,
        }));
      },
      () => undefined,
    );
  }, [of, siteId]);
  if (of === "locations") return places.value;
  return (devices.state.value.data ?? [])
    .filter(({ state, site: at }) => state === "active" && at === siteId)
    .map(deviceItem)
    .sort((a, b) => a.name.localeCompare(b.name));
}

function Segments<T extends string>(props: {
  legend: string;
  name: string;
  options: readonly T[];
  words: (option: T) => string;
  value: Signal<T>;
}): VNode {
  const { legend, name, options, words, value } = props;
  return (
    <fieldset class="field">
      <legend class="field-label">{legend}</legend>
      <div class="segments">
        {options.map((option) => (
          <label key={option} class="segment">
            <input
              type="radio"
              name={name}
              value={option}
              checked={value.value === option}
              onChange={() => {
                value.value = option;
              }}
            />
            <span>{words(option)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

type Picked = Signal<ReadonlySet<string>>;

function Picks({ items, picked }: { items: Item[]; picked: Picked }): VNode {
  const toggle = (id: string, on: boolean): void => {
    const next = new Set(picked.value);
    if (on) next.add(id);
    else next.delete(id);
    picked.value = next;
  };
  const all = items.every(({ id }) => picked.value.has(id));
  if (items.length === 0) return <p class="quiet">{t("labels.nothing")}</p>;
  return (
    <fieldset class="field picks">
      <legend class="field-label">{t("labels.which")}</legend>
      <button
        type="button"
        class="link-button"
        onClick={() => {
          picked.value = new Set(all ? [] : items.map(({ id }) => id));
        }}
      >
        {t(all ? "labels.none" : "labels.all")}
      </button>
      <div class="label-picks">
        {items.map(({ id, name, note }) => (
          <label key={id} class="pick">
            <input
              type="checkbox"
              checked={picked.value.has(id)}
              onChange={(event) => toggle(id, event.currentTarget.checked)}
            />
            <span class="pick-words">
              <span class="pick-name">{name}</span>
              <span class="quiet">{note}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function OpenPdf({ url, count }: { url: string; count: number }): VNode {
  if (isDown(liveState.value)) return <p class="form-error">{t("labels.offline")}</p>;
  if (count === 0) return <p class="quiet">{t("labels.choose")}</p>;
  if (count > MOST_LABELS)
    return <p class="form-error">{t("labels.too_many", { count: MOST_LABELS })}</p>;
  return (
    <a
      class="button button-primary button-large button-wide"
      href={url}
      target="_blank"
      rel="noopener"
      data-testid="labels-pdf"
    >
      {t("labels.make", { count })}
    </a>
  );
}

interface Props {
  /** From a device's own page: its label alone. */
  only?: Device;
  onClose: () => void;
}

export function LabelsSheet({ only, onClose }: Props): VNode {
  const siteId = only?.site ?? site.value?.id ?? "";
  const of = useSignal<LabelsOf>("devices");
  const size = useSignal<(typeof LABEL_SIZES)[number]>("medium");
  const picked = useSignal<ReadonlySet<string>>(new Set(only ? [only.id] : []));
  const items = useItems(siteId, of.value);
  const chosen = only ? [only.id] : items.map(({ id }) => id).filter((id) => picked.value.has(id));
  // The ids of a whole plant would make too long an address.
  const ids = !only && chosen.length === items.length ? null : chosen;
  return (
    <Sheet title={only ? t("device.label") : t("labels.title")} onClose={onClose}>
      <div class="op-form">
        <p class="quiet">{t("labels.intro")}</p>
        {only ? (
          <p class="op-subject">{displayName(only)}</p>
        ) : (
          <Segments
            legend={t("labels.of")}
            name="labels-of"
            options={KINDS}
            words={(kind) => t(`labels.${kind}`)}
            value={of}
          />
        )}
        <Segments
          legend={t("labels.size")}
          name="labels-size"
          options={LABEL_SIZES}
          words={(name) => t(`labels.size.${name}`)}
          value={size}
        />
        <p class="field-hint size-hint">{t(`labels.size_hint.${size.value}`)}</p>
        {only ? null : <Picks items={items} picked={picked} />}
        <OpenPdf url={labelsUrl(siteId, of.value, ids, size.value)} count={chosen.length} />
      </div>
    </Sheet>
  );
}
