import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/controls.css";
import "./styles/components.css";
import "./styles/sign-in.css";
import "./styles/today.css";
import "./styles/live.css";
import "./styles/alarms.css";
import "./styles/point.css";
import "./styles/sync-chip.css";
import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { App, followSession } from "./app";
import { t } from "./i18n/t";
import { address, type Route, route, startRouter } from "./router";
import { startClock, stopClock } from "./store/clock";
import { keepKnown, startLive, stopLive, wakeLive } from "./store/live";
import { listenForInstall } from "./store/pwa";
import { returnFromCamera } from "./store/returned";
import { resume, siteId } from "./store/session";
import { theme } from "./store/theme";
import { startServiceWorker } from "./sw/register";
import { startSync } from "./sync/engine";
import { startWork } from "./work/store";

function followTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

function followTitle(): void {
  const names = {
    today: "nav.today",
    live: "nav.live",
    point: "nav.live",
    alarms: "nav.alarms",
    alarm: "nav.alarms",
    walkthroughs: "nav.walkthroughs",
    walkthrough: "nav.walkthroughs",
    item: "nav.walkthroughs",
    finding: "walk.finding",
    finish: "finish.title",
    aspects: "nav.aspects",
    aspect: "nav.aspects",
    devices: "nav.devices",
    device: "nav.devices",
    label: "label.title",
    phone: "phone.title",
  } as const;
  effect(() => {
    const { screen } = route.value;
    const part = screen in names ? t(names[screen as keyof typeof names]) : t("signin.title");
    document.title = `${part} · ${t("app.name")}`;
  });
}

/** A new finding gets its address while it is being written: that is no other page. */
const placeOf = (path: string, at: Route): string =>
  at.screen === "finding" ? `finding of ${at.id}` : path;

/** A page change is silent to a screen reader unless the focus goes to the new heading. */
function followFocus(): void {
  let shown = placeOf(address.peek(), route.peek());
  effect(() => {
    const next = placeOf(address.value, route.value);
    if (next === shown) return;
    shown = next;
    requestAnimationFrame(() => {
      const heading =
        document.getElementById("alarm-title") ?? document.querySelector<HTMLElement>("main h1");
      heading?.setAttribute("tabindex", "-1");
      heading?.focus({ preventScroll: true });
    });
  });
}

function followSite(): void {
  effect(() => {
    const id = siteId.value;
    untracked(() => (id ? startLive(id) : stopLive()));
  });
}

/** A phone in a pocket needs no ticking clock; back in the hand it needs the truth at once. */
function followVisibility(): void {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      stopClock();
      void keepKnown();
    } else {
      startClock();
      wakeLive();
    }
  });
  addEventListener("online", wakeLive);
  addEventListener("offline", wakeLive);
}

/** The phone's own records first, so that the screens have them; sending can wait for that. */
async function startRecords(): Promise<void> {
  await startWork();
  await Promise.all([startSync(), returnFromCamera()]);
}

const root = document.getElementById("app");
if (root) {
  startRouter();
  followTheme();
  followTitle();
  followFocus();
  followSite();
  followSession();
  followVisibility();
  startClock();
  render(<App />, root);
  void resume();
  void startRecords();
  listenForInstall();
  startServiceWorker();
}
