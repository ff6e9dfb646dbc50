import "../styles/marks.css";
import "../styles/sync.css";
import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { formatBytes, formatClock, formatWhen } from "../i18n/format";
import { t } from "../i18n/t";
import { serverNow } from "../store/clock";
import { leavePaused, paused, zone } from "../store/session";
import { retry } from "../sync/engine";
import { exportZip } from "../sync/export";
import { summary } from "../sync/status";
import { Icon } from "./icons";
import { Sheet } from "./sheet";
import { SyncRows } from "./sync-rows";

function LastSync(): VNode {
  const { lastSync } = summary.value;
  return (
    <p class="quiet">
      {lastSync
        ? t("sync.last", { time: formatWhen(lastSync, zone.value, serverNow()) })
        : t("sync.never")}
    </p>
  );
}

/** The one green light, and only at zero: of everybody who worked on this phone. */
function Safe(): VNode {
  return (
    <div class="sync-safe" data-testid="safe-to-hand-over">
      <span class="all-clear-icon">
        <Icon name="check" size={28} />
      </span>
      <div>
        <p class="sync-safe-title">{t("sync.safe")}</p>
        <p>{t("sync.safe_help")}</p>
        <LastSync />
      </div>
    </div>
  );
}

function Others(): VNode | null {
  const { others } = summary.value;
  if (others.length === 0) return null;
  return (
    <ul class="sync-others">
      {others.map(({ author, count }) => (
        <li key={author.id}>
          <Icon name="person" size={20} />
          {t("sync.others", { name: author.name, count })}
        </li>
      ))}
    </ul>
  );
}

function Headline(): VNode {
  const { waiting, refused, state, current, total, pause, nextTry } = summary.value;
  return (
    <div class="sync-head">
      <p class="sync-count">{t("sync.count", { count: waiting })}</p>
      {state === "sending" ? <p>{t("sync.sending_now", { current, total })}</p> : null}
      {refused > 0 ? (
        <p class="sync-problem">{t("sync.refused_count", { count: refused })}</p>
      ) : null}
      {pause && state !== "sending" ? <p>{t(`sync.pause.${pause}`)}</p> : null}
      {nextTry && state !== "sending" ? (
        <p class="quiet">{t("sync.next", { time: formatClock(nextTry, zone.value) })}</p>
      ) : null}
      <Others />
      <LastSync />
    </div>
  );
}

const fileName = (): string =>
  `fieldproof-${new Date().toISOString().slice(0, 16).replace(/[T:]/g, "-")}.zip`;

function save(blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName();
  link.click();
  // The browser reads the address after this task; a minute is more than it ever needs.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const asFile = (blob: Blob): File => new File([blob], fileName(), { type: "application/zip" });

function mayShare(blob: Blob): boolean {
  return navigator.canShare?.({ files: [asFile(blob)] }) ?? false;
}

function Exported({ blob }: { blob: Blob }): VNode {
  return (
    <div class="sync-exported" role="status">
      <p>{t("sync.export_ready", { size: formatBytes(blob.size) })}</p>
      <div class="button-row">
        {mayShare(blob) ? (
          <button
            type="button"
            class="button"
            onClick={() => void navigator.share({ files: [asFile(blob)] }).catch(() => undefined)}
          >
            <Icon name="share" />
            {t("sync.share")}
          </button>
        ) : null}
        <button type="button" class="button" data-testid="save-export" onClick={() => save(blob)}>
          <Icon name="download" />
          {t("sync.download")}
        </button>
      </div>
    </div>
  );
}

function Export(): VNode {
  const busy = useSignal(false);
  const failed = useSignal(false);
  const made = useSignal<Blob | null>(null);
  const make = async (): Promise<void> => {
    busy.value = true;
    failed.value = false;
    made.value = null;
    try {
      made.value = await exportZip();
    } catch {
      failed.value = true;
    }
    busy.value = false;
  };
  return (
    <div class="sync-export">
      <button
        type="button"
        class="button button-wide"
        data-testid="export"
        disabled={busy.value}
        onClick={() => void make()}
      >
        <Icon name="download" />
        {t(busy.value ? "sync.export_busy" : "sync.export")}
      </button>
      <p class="quiet">{t("sync.export_help")}</p>
      {failed.value ? (
        <p class="form-error" role="alert">
          {t("sync.export_failed")}
        </p>
      ) : null}
      {made.value ? <Exported blob={made.value} /> : null}
    </div>
  );
}

/** Trying again helps with a network, not without a session: then what helps is signing in. */
function GoOn({ onClose }: { onClose: () => void }): VNode {
  const signIn = (): void => {
    onClose();
    leavePaused();
  };
  return paused.value ? (
    <button type="button" class="button button-primary button-wide" onClick={signIn}>
      {t("sync.sign_in")}
    </button>
  ) : (
    <button
      type="button"
      class="button button-primary button-wide"
      data-testid="retry-all"
      onClick={() => void retry()}
    >
      {t("sync.retry_all")}
    </button>
  );
}

export default function SyncSheet({ onClose }: { onClose: () => void }): VNode {
  // "On server" is claimed only when the phone's records were read and nothing waits or is being written.
  const safe = summary.value.state === "server";
  return (
    <Sheet title={t("sync.title")} onClose={onClose}>
      <div class="sync-sheet">
        {safe ? <Safe /> : <Headline />}
        {safe ? null : <GoOn onClose={onClose} />}
        {safe ? null : <SyncRows />}
        {safe ? null : <Export />}
        <a class="button button-wide" href="/phone" onClick={onClose}>
          <Icon name="phone" />
          {t("sync.this_phone")}
        </a>
      </div>
    </Sheet>
  );
}
