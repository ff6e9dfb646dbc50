import { type Signal, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Adoption, Device, LocationRecord } from "../../api/device-types";
import { getAspectNames, getLocations } from "../../api/devices";
import type { Named } from "../../api/types";
import { Sheet } from "../../components/sheet";
import { t } from "../../i18n/t";
import { displayName } from "../../lib/devices";
import { devicePath, navigate } from "../../router";
import { adoptDevice } from "../../store/devices";
import { site } from "../../store/session";
import { errorText } from "./errors";
import { PlaceField } from "./place-field";
import { type ChosenProfile, ProfileField, startProfile } from "./profile-field";
import { Retire } from "./retire";

interface Form {
  name: Signal<string>;
  profile: Signal<ChosenProfile>;
  location: Signal<string>;
  aspect: Signal<string>;
}

interface Lists {
  places: Signal<LocationRecord[]>;
  aspects: Signal<Named[]>;
  failed: Signal<boolean>;
  load: () => void;
}

/** A page may have told places and aspects of this very device: they stand there before the lists have come. */
function useLists(device: Device, siteId: string): Lists {
  const own = device.location
    ? [{ ...device.location, name: device.location.path, parent: null, site: siteId }]
    : [];
  const places = useSignal<LocationRecord[]>(own);
  const aspects = useSignal<Named[]>(device.aspect ? [device.aspect] : []);
  const failed = useSignal(false);
  const load = (): void => {
    failed.value = false;
    Promise.all([getLocations(siteId), getAspectNames(siteId)]).then(
      ([allPlaces, allAspects]) => {
        places.value = allPlaces;
        aspects.value = [...allAspects].sort((a, b) => a.name.localeCompare(b.name));
      },
      () => {
        failed.value = true;
      },
    );
  };
  useEffect(load, [siteId]);
  return { places, aspects, failed, load };
}

/** In plain words, before it is done. */
function Summary({ device, form, lists }: { device: Device; form: Form; lists: Lists }): VNode {
  const name = form.name.value.trim() || "…";
  const siteName = site.value?.name ?? "";
  const place = lists.places.value.find(({ id }) => id === form.location.value);
  const aspect = lists.aspects.value.find(({ id }) => id === form.aspect.value);
  const { id: profile, name: profileName } = form.profile.value;
  const same = profile === null || (device.state !== "unassigned" && profile === device.profile);
  return (
    <div class="will" data-testid="adopt-summary">
      <h3>{t("adopt.will")}</h3>
      <ul class="will-list">
        <li>
          {place
            ? t("adopt.will_name", { name, site: siteName, place: place.path || place.name })
            : t("adopt.will_name_nowhere", { name, site: siteName })}
        </li>
        <li>
          {same ? t("adopt.will_read_same") : t("adopt.will_read", { profile: profileName ?? "" })}
        </li>
        {aspect ? <li>{t("adopt.will_aspect", { aspect: aspect.name })}</li> : null}
        {device.state === "unassigned" ? <li>{t("adopt.will_alarm")}</li> : null}
      </ul>
    </div>
  );
}

function AspectField({ aspects, chosen }: { aspects: Named[]; chosen: Signal<string> }): VNode {
  return (
    <label class="field">
      <span class="field-label">{t("adopt.aspect")}</span>
      <select
        class="input"
        data-testid="adopt-aspect"
        value={chosen.value}
        onChange={(event) => {
          chosen.value = event.currentTarget.value;
        }}
      >
        <option value="">{t("adopt.no_aspect")}</option>
        {aspects.map((aspect) => (
          <option key={aspect.id} value={aspect.id}>
            {aspect.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function NameField({ name }: { name: Signal<string> }): VNode {
  return (
    <label class="field">
      <span class="field-label">{t("adopt.name")}</span>
      <input
        class="input"
        data-testid="adopt-name"
        required
        maxLength={120}
        autocomplete="off"
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <span class="field-hint">{t("adopt.name_hint")}</span>
    </label>
  );
}

interface Props {
  device: Device;
  onClose: () => void;
}

interface Sending {
  busy: Signal<boolean>;
  error: Signal<string>;
  send: (event: Event) => Promise<void>;
}

type Said = Required<Omit<Adoption, "site" | "state">>;

const said = (form: Form): Said => ({
  name: form.name.peek().trim(),
  profile: form.profile.peek().id,
  location: form.location.peek() || null,
  aspect: form.aspect.peek() || null,
});

/** What was left as it was is not sent: somebody else may have changed it since the sheet was opened. */
function changed(before: Said, after: Said): Partial<Said> {
  const names = Object.keys(after) as (keyof Said)[];
  return Object.fromEntries(
    names.filter((name) => after[name] !== before[name]).map((name) => [name, after[name]]),
  );
}

function useSending({ device, onClose }: Props, form: Form, siteId: string): Sending {
  // The page behind is fetched anew all the time: what counts is what the person began with.
  const { current: before } = useRef(said(form));
  const isNew = useRef(device.state === "unassigned").current;
  const busy = useSignal(false);
  const error = useSignal("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    const after = said(form);
    error.value = after.name ? "" : t("adopt.no_name");
    if (!after.name) return;
    const body: Adoption = isNew
      ? { site: siteId, state: "unassigned", ...after }
      : { site: siteId, ...changed(before, after) };
    busy.value = true;
    try {
      await adoptDevice(device.id, body, isNew ? "adopted" : "changed");
      onClose();
      navigate(devicePath(device.id));
    } catch (failed) {
      error.value = errorText(failed);
    } finally {
      busy.value = false;
    }
  };
  return { busy, error, send };
}

/** Adopting a new device, and changing what was decided then. What was entered stays until the server has taken it. */
export function AdoptSheet({ device, onClose }: Props): VNode {
  const siteId = device.site ?? site.value?.id ?? "";
  const isNew = device.state === "unassigned";
  const form: Form = {
    name: useSignal(displayName(device)),
    profile: useSignal(startProfile(device)),
    location: useSignal(device.location?.id ?? ""),
    aspect: useSignal(device.aspect?.id ?? ""),
  };
  const lists = useLists(device, siteId);
  const { busy, error, send } = useSending({ device, onClose }, form, siteId);
  const title = isNew ? "adopt.title" : "adopt.change";
  const button = isNew
    ? t(busy.value ? "adopt.doing" : "adopt.do")
    : t(busy.value ? "adopt.saving" : "adopt.save");
  return (
    <Sheet title={t(title, { name: displayName(device) })} onClose={onClose}>
      <form
        class="op-form adopt-form"
        noValidate
        onSubmit={(event) => void send(event)}
        onKeyDown={(event) => {
          // "Done" on a phone's keyboard ends the writing of a name: it is not yet "adopt".
          if (event.key === "Enter" && event.target instanceof HTMLInputElement)
            event.preventDefault();
        }}
      >
        <NameField name={form.name} />
        <ProfileField device={device} chosen={form.profile} />
        {lists.failed.value ? (
          <p class="form-error" role="alert">
            {t("adopt.lists_failed")}{" "}
            <button type="button" class="link-button" onClick={lists.load}>
              {t("app.retry")}
            </button>
          </p>
        ) : null}
        <PlaceField site={siteId} places={lists.places} chosen={form.location} />
        <AspectField aspects={lists.aspects.value} chosen={form.aspect} />
        <Summary device={device} form={form} lists={lists} />
        {error.value ? (
          <p
            class="form-error"
            role="alert"
            data-testid="adopt-error"
            ref={(element) => element?.scrollIntoView?.({ block: "center" })}
          >
            {error.value}
          </p>
        ) : null}
        <button
          type="submit"
          class="button button-primary button-large button-wide"
          data-testid="adopt-send"
          disabled={busy.value}
        >
          {button}
        </button>
      </form>
      {isNew ? null : <Retire device={device} onDone={onClose} />}
    </Sheet>
  );
}
