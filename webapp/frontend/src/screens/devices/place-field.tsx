import { type Signal, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { ApiError } from "../../api/client";
import type { LocationRecord } from "../../api/device-types";
import { putLocation } from "../../api/devices";
import { Icon } from "../../components/icons";
import { t } from "../../i18n/t";
import { uuid7 } from "../../lib/uuid7";
import { placeTree } from "./place-tree";

const INDENT = "\u2003";

function Options({ places }: { places: LocationRecord[] }): VNode {
  return (
    <>
      {placeTree(places).map(({ place, depth }) => (
        <option key={place.id} value={place.id}>
          {INDENT.repeat(depth) + place.name}
        </option>
      ))}
    </>
  );
}

interface NewPlaceProps {
  site: string;
  places: Signal<LocationRecord[]>;
  parent: string;
  onDone: (made: LocationRecord | null) => void;
}

function placeError(error: unknown): string {
  if (error instanceof ApiError) return t("adopt.place_failed", { detail: error.message });
  return t("adopt.place_unreachable");
}

/** Its id is made here, so that pressing again after a lost answer makes no second place. */
function NewPlace({ site, places, parent, onDone }: NewPlaceProps): VNode {
  const id = useRef(uuid7());
  const name = useSignal("");
  // Where one place stands for the whole site, everything else lies in it.
  const tops = places.value.filter((place) => place.parent === null);
  const inside = useSignal(parent || (tops.length === 1 ? (tops[0]?.id ?? "") : ""));
  const busy = useSignal(false);
  const error = useSignal("");
  const add = async (): Promise<void> => {
    if (busy.value) return;
    if (!name.value.trim()) {
      error.value = t("adopt.place_unnamed");
      return;
    }
    busy.value = true;
    error.value = "";
    try {
      const body = { site, parent: inside.value || null, name: name.value.trim() };
      onDone(await putLocation(id.current, body));
    } catch (failed) {
      error.value = placeError(failed);
    } finally {
      busy.value = false;
    }
  };
  return (
    <fieldset class="new-place">
      <legend class="sr-only">{t("adopt.new_location")}</legend>
      <label class="field">
        <span class="field-label">{t("adopt.new_name")}</span>
        <input
          class="input"
          data-testid="place-name"
          maxLength={120}
          value={name.value}
          ref={(element) => {
            if (element && !element.dataset.seen) {
              element.dataset.seen = "yes";
              element.focus();
            }
          }}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            void add();
          }}
        />
      </label>
      <label class="field">
        <span class="field-label">{t("adopt.inside")}</span>
        <select
          class="input"
          data-testid="place-parent"
          value={inside.value}
          onChange={(event) => {
            inside.value = event.currentTarget.value;
          }}
        >
          {tops.length === 1 ? null : <option value="">{t("adopt.whole_site")}</option>}
          <Options places={places.value} />
        </select>
      </label>
      {error.value ? (
        <p class="form-error" role="alert">
          {error.value}
        </p>
      ) : null}
      <div class="new-place-buttons">
        <button type="button" class="button" onClick={() => onDone(null)}>
          {t("adopt.cancel")}
        </button>
        <button
          type="button"
          class="button button-primary"
          data-testid="place-add"
          disabled={busy.value}
          onClick={() => void add()}
        >
          {t(busy.value ? "adopt.adding" : "adopt.add")}
        </button>
      </div>
    </fieldset>
  );
}

interface Props {
  site: string;
  places: Signal<LocationRecord[]>;
  chosen: Signal<string>;
}

/** The browser's own list: made for thumbs and keys alike. */
export function PlaceField({ site, places, chosen }: Props): VNode {
  const adding = useSignal(false);
  const select = useRef<HTMLSelectElement>(null);
  const done = (made: LocationRecord | null): void => {
    if (made) {
      places.value = [...places.value.filter(({ id }) => id !== made.id), made];
      chosen.value = made.id;
    }
    adding.value = false;
    select.current?.focus();
  };
  return (
    <div class="field">
      <label class="field">
        <span class="field-label">{t("adopt.location")}</span>
        <select
          ref={select}
          class="input"
          data-testid="adopt-location"
          value={chosen.value}
          onChange={(event) => {
            chosen.value = event.currentTarget.value;
          }}
        >
          <option value="">{t("adopt.no_location")}</option>
          <Options places={places.value} />
        </select>
      </label>
      {adding.value ? (
        <NewPlace site={site} places={places} parent={chosen.value} onDone={done} />
      ) : (
        <button
          type="button"
          class="link-button add-place"
          data-testid="new-place"
          onClick={() => {
            adding.value = true;
          }}
        >
          <Icon name="plus" size={20} />
          {t("adopt.new_location")}
        </button>
      )}
    </div>
  );
}
