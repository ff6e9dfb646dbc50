import "../../styles/phone.css";
import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Icon, type IconName } from "../../components/icons";
import { Loading } from "../../components/states";
import { formatBytes, formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";
import { rows } from "../../sync/status";
import { askPersist, storageReport } from "../../work/store";
import { InstallHelp } from "./install";

type Report = Awaited<ReturnType<typeof storageReport>>;
type Mark = "good" | "mind" | "bad";

const LOW = 0.9;
const MARK_ICON: Record<Mark, IconName> = { good: "check", mind: "attention", bad: "attention" };

interface LineProps {
  name: string;
  mark: Mark;
  says: string;
  children?: ComponentChildren;
  testId: string;
}

/** What is so, what it means, and, where something can be done, what. */
function Line({ name, mark, says, children, testId }: LineProps): VNode {
  return (
    <li class={`check-line check-${mark}`} data-testid={testId} data-mark={mark}>
      <span class="check-icon">
        <Icon name={MARK_ICON[mark]} size={20} />
        <span class="sr-only">{t(`phone.${mark}`)}</span>
      </span>
      <div>
        <h2 class="check-name">{name}</h2>
        <p>{says}</p>
        {children}
      </div>
    </li>
  );
}

function Secure({ report }: { report: Report }): VNode {
  const { origin } = location;
  return (
    <Line
      name={t("phone.secure")}
      mark={report.secure ? "good" : "bad"}
      says={t(report.secure ? "phone.secure_yes" : "phone.secure_no", { origin })}
      testId="phone-secure"
    >
      {report.secure ? null : <p class="check-fix">{t("phone.secure_fix")}</p>}
    </Line>
  );
}

function Offline({ report }: { report: Report }): VNode | null {
  if (!report.secure) return null;
  return (
    <Line
      name={t("phone.worker")}
      mark={report.serviceWorker ? "good" : "mind"}
      says={t(report.serviceWorker ? "phone.worker_yes" : "phone.worker_no")}
      testId="phone-worker"
    >
      {report.serviceWorker ? null : <p class="check-fix">{t("phone.worker_fix")}</p>}
    </Line>
  );
}

function Installed({ report }: { report: Report }): VNode | null {
  if (!report.secure) return null;
  return (
    <Line
      name={t("phone.installed")}
      mark={report.installed ? "good" : "mind"}
      says={t(report.installed ? "phone.installed_yes" : "phone.installed_no")}
      testId="phone-installed"
    >
      {report.installed ? null : <p class="check-fix">{t("phone.installed_fix")}</p>}
    </Line>
  );
}

function Persisted({ report, look }: { report: Report; look: () => void }): VNode | null {
  const refused = useSignal(false);
  if (!report.secure) return null;
  const ask = (): void => {
    void askPersist().then((granted) => {
      refused.value = !granted;
      if (granted) look();
    });
  };
  return (
    <Line
      name={t("phone.persisted")}
      mark={report.persisted ? "good" : "mind"}
      says={t(report.persisted ? "phone.persisted_yes" : "phone.persisted_no")}
      testId="phone-persisted"
    >
      {report.persisted ? null : (
        <button type="button" class="button" data-testid="persist" onClick={ask}>
          {t("phone.persist")}
        </button>
      )}
      <p class="check-fix" role="status">
        {refused.value ? t("phone.persist_refused") : ""}
      </p>
    </Line>
  );
}

function Space({ report }: { report: Report }): VNode {
  const { usage, quota } = report;
  const known = usage !== null && quota !== null && quota > 0;
  const low = known && usage / quota > LOW;
  const says = known
    ? t("phone.space_known", { usage: formatBytes(usage), quota: formatBytes(quota) })
    : t("phone.space_unknown");
  return (
    <Line name={t("phone.space")} mark={low ? "bad" : "good"} says={says} testId="phone-space">
      {known ? (
        <svg class="progress" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="progress-track" width="100" height="4" rx="2" />
          <rect
            class="progress-part"
            width={Math.max(0.5, (usage / quota) * 100)}
            height="4"
            rx="2"
          />
        </svg>
      ) : null}
      {low ? <p class="check-fix">{t("phone.space_low")}</p> : null}
    </Line>
  );
}

function LastSync({ report }: { report: Report }): VNode {
  const waiting = rows.value.length;
  const { lastSync } = report;
  return (
    <Line
      name={t("phone.sync")}
      mark={waiting > 0 || lastSync === null ? "mind" : "good"}
      says={
        lastSync === null ? t("phone.sync_never") : formatWhen(lastSync, zone.value, serverNow())
      }
      testId="phone-sync"
    >
      <p>{waiting > 0 ? t("phone.waiting", { count: waiting }) : t("phone.nothing_waits")}</p>
    </Line>
  );
}

function Photos({ report }: { report: Report }): VNode {
  const { photosHeld, bytesHeld } = report;
  return (
    <Line
      name={t("phone.photos")}
      mark="good"
      says={
        photosHeld === 0
          ? t("phone.photos_none")
          : t("phone.photos_some", { count: photosHeld, size: formatBytes(bytesHeld) })
      }
      testId="phone-photos"
    />
  );
}

function useReport(): { report: Signal<Report | null>; look: () => void } {
  const report = useSignal<Report | null>(null);
  const look = (): void => {
    void storageReport().then((found) => {
      report.value = found;
    });
  };
  const waiting = rows.value.length;
  useEffect(look, [waiting]);
  return { report, look };
}

/** Whether this phone can be trusted with a day's work, point by point, and what to do where not. */
export default function ThisPhone(): VNode {
  const { report, look } = useReport();
  const found = report.value;
  return (
    <>
      <div class="page-head">
        <h1>{t("phone.title")}</h1>
        <p class="page-intro quiet">{t("phone.intro")}</p>
      </div>
      <div class="phone-page">
        {found ? (
          <ul class="check-lines">
            <Secure report={found} />
            <Offline report={found} />
            <Installed report={found} />
            <Persisted report={found} look={look} />
            <Space report={found} />
            <LastSync report={found} />
            <Photos report={found} />
          </ul>
        ) : (
          <Loading rows={5} />
        )}
        {found?.secure && !found.installed ? <InstallHelp /> : null}
      </div>
    </>
  );
}
