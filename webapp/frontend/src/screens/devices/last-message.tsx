import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import type { LastMessage } from "../../api/device-types";
import { Icon } from "../../components/icons";
import { Age } from "../../components/time";
import { formatBytes } from "../../i18n/format";
import { t } from "../../i18n/t";
import { prettyJson } from "../../lib/pretty-json";

type Copied = "no" | "yes" | "refused";

function Copy({ text }: { text: string }): VNode {
  const copied = useSignal<Copied>("no");
  const copy = async (): Promise<void> => {
    try {
      // Insecure addresses have no clipboard at all.
      await navigator.clipboard.writeText(text);
      copied.value = "yes";
    } catch {
      copied.value = "refused";
    }
  };
  return (
    <div class="copy">
      <button type="button" class="button" data-testid="copy" onClick={() => void copy()}>
        <Icon name={copied.value === "yes" ? "check" : "copy"} size={20} />
        {t(copied.value === "yes" ? "device.copied" : "device.copy")}
      </button>
      <span class="quiet" role="status">
        {copied.value === "refused" ? t("device.copy_failed") : ""}
        {copied.value === "yes" ? <span class="sr-only">{t("device.copied")}</span> : null}
      </span>
    </div>
  );
}

/** What came, before anything was made of it: the first thing to look at when a value is wrong. */
export function LastMessageCard({ message }: { message: LastMessage | null }): VNode {
  return (
    <section class="card" aria-labelledby="message-title" data-testid="last-message">
      <h2 class="card-title" id="message-title">
        <Icon name="download" size={20} />
        {t("device.message")}
      </h2>
      {message ? (
        <div class="message">
          <p class="quiet message-head">
            <code>{message.topic}</code>
            <Age at={message.received_at} />
          </p>
          <section
            class="message-text"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
            tabIndex={0}
            aria-label={t("device.message_text")}
          >
            <pre>{message.encoding === "hex" ? message.payload : prettyJson(message.payload)}</pre>
          </section>
          <p class="quiet">
            {formatBytes(message.size)}
            {message.encoding === "hex" ? `, ${t("device.message_hex")}` : ""}
            {message.truncated ? `. ${t("device.message_truncated")}` : ""}
          </p>
          <p class="quiet">{t("device.message_hint")}</p>
          <Copy text={message.payload} />
        </div>
      ) : (
        <p class="quiet">{t("device.message_none")}</p>
      )}
    </section>
  );
}
