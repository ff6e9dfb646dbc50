import { type Signal, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Device, Profile } from "../../api/device-types";
import { findProfiles } from "../../api/devices";
import { SearchField } from "../../components/search-field";
import { t } from "../../i18n/t";

/** `id` null: as its messages are read now. */
export interface ChosenProfile {
  id: string | null;
  name: string | null;
}

const WAIT_MS = 250;

interface Option extends ChosenProfile {
  note: string;
}

/** The profile that reads it now, then what else finds something in its message, the best first. */
function firstOptions(device: Device): Option[] {
  const suggested = device.suggested ?? [];
  const fits = (count: number): string =>
    count > 0 ? t("adopt.fits", { count }) : t("adopt.fits_none");
  const options: Option[] = suggested.map(({ id, name, metrics }) => ({
    id,
    name,
    note: fits(metrics),
  }));
  const { profile } = device;
  if (profile && !options.some(({ id }) => id === profile))
    options.unshift({
      id: profile,
      name: device.profile_name ?? profile,
      note: t("adopt.current"),
    });
  return options;
}

/** Of an adopted device its own, of a new one the one that fits best. */
export function startProfile(device: Device): ChosenProfile {
  const options = firstOptions(device);
  const own = options.find(({ id }) => id === device.profile);
  const start = device.state === "unassigned" ? options[0] : (own ?? null);
  return start ? { id: start.id, name: start.name } : { id: null, name: null };
}

function useSearch(text: Signal<string>): {
  found: Signal<Profile[] | null>;
  failed: Signal<boolean>;
} {
  const found = useSignal<Profile[] | null>(null);
  const failed = useSignal(false);
  const wanted = text.value.trim();
  useEffect(() => {
    found.value = null;
    failed.value = false;
    if (!wanted) return undefined;
    let gone = false;
    const timer = setTimeout(() => {
      findProfiles(wanted).then(
        (items) => {
          if (!gone) found.value = items;
        },
        () => {
          if (!gone) failed.value = true;
        },
      );
    }, WAIT_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [wanted]);
  return { found, failed };
}

interface ChoiceProps {
  option: Option;
  chosen: Signal<ChosenProfile>;
}

function Choice({ option, chosen }: ChoiceProps): VNode {
  const { id, name, note } = option;
  return (
    <label class="pick" data-testid={`profile-${id}`}>
      <input
        type="radio"
        name="profile"
        checked={chosen.value.id === id}
        onChange={() => {
          chosen.value = { id, name };
        }}
      />
      <span class="pick-words">
        <span class="pick-name">{name}</span>
        <span class="quiet">{note}</span>
      </span>
    </label>
  );
}

function foundNote({ kind, metrics }: Profile): string {
  const what = kind && kind !== "generic" ? kind.replaceAll("_", " ") : "";
  const reads =
    metrics.length > 0 ? t("adopt.reads", { count: metrics.length }) : t("adopt.reads_named");
  return [what, reads].filter(Boolean).join(", ");
}

/** One product may have several profiles, one for each way it can send: then the id tells them apart. */
function foundOptions(found: Profile[], known: ReadonlySet<string | null>): Option[] {
  const names = found.map(({ name }) => name);
  return found
    .filter(({ id }) => !known.has(id))
    .map((profile) => {
      const twice = names.filter((name) => name === profile.name).length > 1;
      const note = foundNote(profile);
      return { id: profile.id, name: profile.name, note: twice ? `${note}, ${profile.id}` : note };
    });
}

export function ProfileField({
  device,
  chosen,
}: {
  device: Device;
  chosen: Signal<ChosenProfile>;
}): VNode {
  const text = useSignal("");
  const { found, failed } = useSearch(text);
  const first = firstOptions(device);
  const known = new Set(first.map(({ id }) => id));
  const results = foundOptions(found.value ?? [], known);
  // What was found and chosen stays in sight when the search goes on to something else.
  const { id, name } = chosen.value;
  const shown = [...first, ...results];
  if (id && name && !shown.some((option) => option.id === id)) shown.push({ id, name, note: "" });
  const nothing = found.value !== null && found.value.length === 0;
  return (
    <fieldset class="field picks">
      <legend class="field-label">{t("adopt.profile")}</legend>
      {shown.map((option) => (
        <Choice key={option.id} option={option} chosen={chosen} />
      ))}
      <SearchField
        label={t("adopt.search")}
        hint={t("adopt.search")}
        text={text.value}
        onText={(value) => {
          text.value = value;
        }}
        testId="profile-search"
      />
      <p class="field-hint" role="status">
        {failed.value
          ? t("adopt.search_failed")
          : nothing
            ? t("adopt.search_none", { text: text.value.trim() })
            : t("adopt.search_hint")}
      </p>
    </fieldset>
  );
}
