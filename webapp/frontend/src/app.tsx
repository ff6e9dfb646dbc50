import { effect } from "@preact/signals";
import type { VNode } from "preact";
import { AppShell } from "./components/app-shell";
import { lazyComponent } from "./components/lazy";
import { Loading, RetryState, StateMessage } from "./components/states";
import { t } from "./i18n/t";
import { address, navigate, type Route, route, safeNext, signInPath } from "./router";
import { Alarms } from "./screens/alarms";
import { Live } from "./screens/live";
import { PointScreen } from "./screens/point/point";
import { SignIn } from "./screens/sign-in";
import { Today } from "./screens/today/today";
import { resume, session, site } from "./store/session";

const Failed = (retry: () => void): VNode => (
  <RetryState title={t("app.part_failed")} help={t("app.part_failed_help")} onRetry={retry} />
);
const Waiting = (): VNode => <Loading rows={4} />;

const Walkthroughs = lazyComponent<{ at: Route }>(
  () => import("./screens/walkthroughs"),
  Waiting,
  Failed,
);
const Aspects = lazyComponent<{ at: Route }>(() => import("./screens/aspects"), Waiting, Failed);
const Devices = lazyComponent<{ at: Route }>(() => import("./screens/devices"), Waiting, Failed);
const ThisPhone = lazyComponent<object>(() => import("./screens/phone"), Waiting, Failed);

function Screen({ at }: { at: Route }): VNode {
  switch (at.screen) {
    case "today":
      return <Today />;
    case "live":
      return <Live />;
    case "point":
      return (
        <PointScreen key={`${at.device}/${at.metric}`} device={at.device} metric={at.metric} />
      );
    case "alarms":
      return <Alarms selected={null} showEnded={at.ended} />;
    case "alarm":
      return <Alarms selected={at.id} showEnded={at.ended} />;
    case "walkthroughs":
    case "walkthrough":
    case "item":
    case "finding":
    case "finish":
      return <Walkthroughs at={at} />;
    case "aspects":
    case "aspect":
      return <Aspects at={at} />;
    case "devices":
    case "device":
    case "label":
      return <Devices at={at} />;
    case "phone":
      return <ThisPhone />;
    default:
      return (
        <StateMessage
          title={t("app.unknown_page")}
          help={t("app.unknown_page_help")}
          alone
          icon="search"
        >
          <a class="button" href="/">
            {t("app.go_today")}
          </a>
        </StateMessage>
      );
  }
}

/** Signing in and out moves between the door and the place one wanted to go. */
export function followSession(): void {
  effect(() => {
    const { status } = session.value;
    const at = route.value;
    if (status === "signed-out" && at.screen !== "sign-in")
      navigate(signInPath(safeNext(address.value)), true);
    if (status === "signed-in" && at.screen === "sign-in") navigate(at.next, true);
    // Carrying on goes to the walkthrough itself; whatever else the address was, this is where one's own are.
    if (status === "paused" && at.screen === "sign-in") navigate("/walkthroughs", true);
  });
}

export function App(): VNode {
  const { status } = session.value;
  if (status === "loading") return <Loading rows={4} />;
  if (status === "signed-out") return <SignIn />;
  if (status === "unreachable") {
    return (
      <main class="lonely">
        <RetryState
          title={t("offline.title")}
          help={t("offline.nothing")}
          onRetry={() => void resume()}
        />
      </main>
    );
  }
  return (
    <AppShell>
      {site.value ? (
        <Screen at={route.value} />
      ) : (
        <StateMessage alone title={t("signin.no_site")} icon="pin" />
      )}
    </AppShell>
  );
}
