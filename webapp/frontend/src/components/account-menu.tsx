import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { t, tData } from "../i18n/t";
import { navigate } from "../router";
import { pwa } from "../store/pwa";
import { chooseSite, me, signOut, site } from "../store/session";
import { chooseTheme, THEMES, theme } from "../store/theme";
import { Sheet } from "./sheet";

function SiteChoice(): VNode | null {
  const sites = me.value?.sites ?? [];
  if (sites.length < 2) return null;
  return (
    <label class="field">
      <span class="field-label">{t("account.site")}</span>
      <select
        class="input"
        value={site.value?.id ?? ""}
        onChange={(event) => chooseSite(event.currentTarget.value)}
      >
        {sites.map((item) => (
          <option key={item.id} value={item.id}>
            {item.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function ThemeChoice(): VNode {
  return (
    <fieldset class="field">
      <legend class="field-label">{t("account.theme")}</legend>
      <div class="segments">
        {THEMES.map((name) => (
          <label key={name} class="segment">
            <input
              type="radio"
              name="theme"
              value={name}
              checked={theme.value === name}
              onChange={() => chooseTheme(name)}
            />
            <span>{t(`theme.${name}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function AccountMenu({ onClose }: { onClose: () => void }): VNode {
  const failed = useSignal(false);
  const person = me.value;
  const leave = (): void => {
    failed.value = false;
    signOut().then(
      // The next person at this phone starts at the front, not where this one was.
      () => navigate("/sign-in", true),
      () => {
        failed.value = true;
      },
    );
  };
  return (
    <Sheet title={t("account.title")} onClose={onClose}>
      <div class="account">
        <div class="person">
          <span class="avatar" aria-hidden="true">
            {initials(person?.user.name ?? "")}
          </span>
          <span>
            <strong>{person?.user.name}</strong>
            <span class="quiet">{tData("role", person?.role ?? "")}</span>
          </span>
        </div>
        <SiteChoice />
        <ThemeChoice />
        <div>
          <p class="field-label">{t("account.app")}</p>
          <p class="quiet">{t(`pwa.${pwa.value}`)}</p>
        </div>
        {failed.value ? (
          <p class="form-error" role="alert">
            {t("account.sign_out_failed")}
          </p>
        ) : null}
        <button type="button" class="button button-wide" onClick={leave}>
          {t("account.sign_out")}
        </button>
      </div>
    </Sheet>
  );
}

export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const first = words[0]?.charAt(0) ?? "";
  const last = words.length > 1 ? (words.at(-1)?.charAt(0) ?? "") : "";
  return (first + last).toUpperCase();
}
