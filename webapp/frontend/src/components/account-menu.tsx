import type { VNode } from "preact";
import { t, tData } from "../i18n/t";
import { pwa } from "../store/pwa";
import { chooseSite, me, site } from "../store/session";
import { chooseTheme, THEMES, theme } from "../store/theme";
import { Icon } from "./icons";
import { Sheet } from "./sheet";
import { SignOut } from "./sign-out";

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

function Places({ onClose }: { onClose: () => void }): VNode {
  return (
    <ul class="menu-links">
      <li class="phone-only">
        <a class="menu-link" href="/aspects" onClick={onClose}>
          <Icon name="leaf" />
          {t("nav.aspects")}
        </a>
      </li>
      <li class="phone-only">
        <a class="menu-link" href="/devices" onClick={onClose}>
          <Icon name="sensor" />
          {t("nav.devices")}
        </a>
      </li>
      <li>
        <a class="menu-link" href="/phone" onClick={onClose}>
          <Icon name="phone" />
          {t("phone.title")}
        </a>
      </li>
    </ul>
  );
}

export function AccountMenu({ onClose }: { onClose: () => void }): VNode {
  const person = me.value;
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
        <Places onClose={onClose} />
        <SiteChoice />
        <ThemeChoice />
        <div>
          <p class="field-label">{t("account.app")}</p>
          <p class="quiet">{t(`pwa.${pwa.value}`)}</p>
        </div>
        <SignOut />
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
