import type { ComponentChildren, VNode } from "preact";
import { t } from "../i18n/t";
import { Icon, type IconName } from "./icons";

interface StateProps {
  title: string;
  help?: string;
  icon?: IconName;
  tone?: "calm" | "good" | "problem";
  /** Set where the message is all there is on the page, and so its heading. */
  alone?: boolean;
  children?: ComponentChildren;
}

/** One way of saying "there is nothing here, and this is what to do". */
export function StateMessage(props: StateProps): VNode {
  const { title, help, icon, tone = "calm", alone = false, children } = props;
  return (
    <div class={`state state-${tone}`}>
      {icon ? (
        <span class="state-icon">
          <Icon name={icon} size={28} />
        </span>
      ) : null}
      {alone ? <h1 class="state-title">{title}</h1> : <p class="state-title">{title}</p>}
      {help ? <p class="state-help">{help}</p> : null}
      {children}
    </div>
  );
}

export function RetryState({
  title,
  help,
  onRetry,
}: {
  title: string;
  help?: string;
  onRetry: () => void;
}): VNode {
  return (
    <StateMessage title={title} icon="offline" tone="problem" {...(help ? { help } : {})}>
      <button type="button" class="button" onClick={onRetry}>
        {t("app.retry")}
      </button>
    </StateMessage>
  );
}

export function Loading({ rows = 3 }: { rows?: number }): VNode {
  return (
    <div class="loading" role="status">
      <span class="sr-only">{t("app.loading")}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class="skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}
