import { useSignal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { t } from "../i18n/t";
import { isFocused, type Route, route } from "../router";
import { arrived, openAlarms } from "../store/alarms";
import { isDown, liveState } from "../store/live";
import { me, site } from "../store/session";
import { AccountMenu, initials } from "./account-menu";
import { alarmTitle } from "./alarm-title";
import { BrandMark } from "./brand";
import { ConnectionChip } from "./connection-chip";
import { Icon, type IconName } from "./icons";
import { InsecureNotice, OfflineNotice, PausedNotice, UpdateNotice } from "./notices";
import { SyncChip } from "./sync-chip";

interface Tab {
  name: "today" | "live" | "alarms" | "walkthroughs" | "aspects" | "devices";
  path: string;
  icon: IconName;
  screens: Route["screen"][];
  /** Four fit under a thumb; the others stand on a desktop only, and in the account menu. */
  wide?: true;
}

const TABS: Tab[] = [
  { name: "today", path: "/", icon: "today", screens: ["today"] },
  { name: "live", path: "/live", icon: "live", screens: ["live", "point"] },
  { name: "alarms", path: "/alarms", icon: "alarms", screens: ["alarms", "alarm"] },
  {
    name: "walkthroughs",
    path: "/walkthroughs",
    icon: "walk",
    screens: ["walkthroughs", "walkthrough", "item", "finding", "finish"],
  },
  { name: "aspects", path: "/aspects", icon: "leaf", screens: ["aspects", "aspect"], wide: true },
  {
    name: "devices",
    path: "/devices",
    icon: "sensor",
    screens: ["devices", "device", "label"],
    wide: true,
  },
];

function AlarmCount(): VNode | null {
  const count = openAlarms.value.length;
  if (count === 0) return null;
  return (
    <span class="count">
      <span aria-hidden="true">{count}</span>
      <span class="sr-only">{t("nav.alarms_open", { count })}</span>
    </span>
  );
}

function Navigation(): VNode {
  const screen = route.value.screen;
  return (
    <nav class="nav" aria-label={t("nav.main")}>
      <a class="nav-brand" href="/">
        <BrandMark size={34} />
        <span>{t("app.name")}</span>
      </a>
      <ul>
        {TABS.map((tab) => (
          <li key={tab.name} class={tab.wide ? "nav-wide" : undefined}>
            <a
              class="nav-item"
              href={tab.path}
              aria-current={tab.screens.includes(screen) ? "page" : undefined}
            >
              <span class="nav-icon">
                <Icon name={tab.icon} />
                {tab.name === "alarms" ? <AlarmCount /> : null}
              </span>
              <span class="nav-label">{t(`nav.${tab.name}`)}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function TopBar({ onAccount }: { onAccount: () => void }): VNode {
  const name = me.value?.user.name ?? "";
  return (
    <header class="top-bar">
      <span class="top-site">{site.value?.name}</span>
      <SyncChip />
      <ConnectionChip />
      <button type="button" class="account-button" onClick={onAccount}>
        <span class="avatar">{initials(name)}</span>
        <span class="account-name">{name}</span>
        <span class="sr-only">{t("account.open")}</span>
      </button>
    </header>
  );
}

/** Read out once when an alarm arrives; the list itself is not a live region, it would never be quiet. */
function AlarmAnnouncer(): VNode {
  const alarm = arrived.value;
  return (
    <p class="sr-only" role="alert">
      {alarm ? t("alarms.arrived", { title: alarmTitle(alarm) }) : ""}
    </p>
  );
}

export function AppShell({ children }: { children: ComponentChildren }): VNode {
  const account = useSignal(false);
  const openAccount = (): void => {
    account.value = true;
  };
  const classes = [
    "shell",
    isDown(liveState.value) ? "is-down" : "",
    isFocused(route.value) ? "is-focused" : "",
  ];
  return (
    <div class={classes.filter(Boolean).join(" ")}>
      <a class="skip-link" href="#main">
        {t("app.skip")}
      </a>
      <TopBar onAccount={openAccount} />
      <Navigation />
      <div class="content">
        <UpdateNotice />
        <PausedNotice />
        <InsecureNotice onMore={openAccount} />
        <OfflineNotice />
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
      <AlarmAnnouncer />
      {account.value ? (
        <AccountMenu
          onClose={() => {
            account.value = false;
          }}
        />
      ) : null}
    </div>
  );
}
