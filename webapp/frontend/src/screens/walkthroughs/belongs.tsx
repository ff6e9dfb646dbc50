import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { Sheet } from "../../components/sheet";
import { t } from "../../i18n/t";
import { aspectPath } from "../../router";
import { aspects, places } from "../../work/store";
import { aspectName, placeName } from "./parts";

export interface BelongsTo {
  aspect: string | null;
  location: string | null;
}

interface Props extends BelongsTo {
  /** Null where nothing may be changed. */
  onChange: ((to: BelongsTo) => void) | null;
}

interface Named {
  id: string;
  name: string;
}

function Choice({
  label,
  none,
  value,
  options,
  testId,
  onChange,
}: {
  label: string;
  none: string;
  value: string | null;
  options: Named[];
  testId: string;
  onChange: (id: string | null) => void;
}): VNode {
  return (
    <label class="field">
      <span class="field-label">{label}</span>
      <select
        class="input"
        data-testid={testId}
        value={value ?? ""}
        onChange={(event) => onChange(event.currentTarget.value || null)}
      >
        <option value="">{none}</option>
        {options.map((option) => (
          <option key={option.id} value={option.id}>
            {option.name}
          </option>
        ))}
      </select>
    </label>
  );
}

const byName = (a: Named, b: Named): number => a.name.localeCompare(b.name);

function BelongsSheet({
  aspect,
  location,
  onChange,
  onClose,
}: BelongsTo & { onChange: (to: BelongsTo) => void; onClose: () => void }): VNode {
  const allPlaces = [...places.value.values()].map(({ id, path }) => ({ id, name: path }));
  return (
    <Sheet title={t("item.belongs")} onClose={onClose}>
      <div class="stack">
        <p class="quiet">{t("item.belongs_help")}</p>
        <Choice
          label={t("point.aspect")}
          none={t("item.no_aspect")}
          value={aspect}
          options={[...aspects.value.values()].sort(byName)}
          testId="choose-aspect"
          onChange={(id) => onChange({ aspect: id, location })}
        />
        <Choice
          label={t("item.place")}
          none={t("item.no_place")}
          value={location}
          options={allPlaces.sort(byName)}
          testId="choose-place"
          onChange={(id) => onChange({ aspect, location: id })}
        />
        {aspect ? (
          <a class="button" href={aspectPath(aspect)} onClick={onClose}>
            <Icon name="leaf" />
            {t("item.aspect_link")}
          </a>
        ) : null}
        <button type="button" class="button button-primary button-large" onClick={onClose}>
          {t("note.done")}
        </button>
      </div>
    </Sheet>
  );
}

/** What the answer is evidence for, and where: told by the template, corrected by the one who is there. */
export function Belongs({ aspect, location, onChange }: Props): VNode {
  const open = useSignal(false);
  const words = (
    <>
      <span class="belongs-part">
        <Icon name="pin" size={16} />
        {placeName(location) ?? t(location ? "item.place_template" : "item.no_place")}
      </span>
      <span class="belongs-part">
        <Icon name="leaf" size={16} />
        {aspectName(aspect) ?? t(aspect ? "item.aspect_template" : "item.no_aspect")}
      </span>
    </>
  );
  // Without a session the names are not on the phone, and nothing can be chosen from.
  if (!onChange || places.value.size + aspects.value.size === 0)
    return <p class="belongs">{words}</p>;
  return (
    <>
      <button
        type="button"
        class="belongs belongs-button"
        data-testid="belongs"
        onClick={() => {
          open.value = true;
        }}
      >
        {words}
        <span class="sr-only">{t("item.belongs_change")}</span>
      </button>
      {open.value ? (
        <BelongsSheet
          aspect={aspect}
          location={location}
          onChange={onChange}
          onClose={() => {
            open.value = false;
          }}
        />
      ) : null}
    </>
  );
}
