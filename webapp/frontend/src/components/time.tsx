import type { VNode } from "preact";
import { formatAge, formatSpan, formatWhen } from "../i18n/format";
import { t } from "../i18n/t";
import { now } from "../store/clock";
import { zone } from "../store/session";

/** Ticks by itself: a component this small is all that is redrawn each second. */
export function Age({ at }: { at: string | null }): VNode {
  if (!at) return <span class="age">{t("age.never")}</span>;
  return (
    <time class="age" dateTime={at}>
      {formatAge((now.value - Date.parse(at)) / 1000)}
    </time>
  );
}

export function When({ at }: { at: string }): VNode {
  return <time dateTime={at}>{formatWhen(Date.parse(at), zone.value, now.value)}</time>;
}

export function Since({ from }: { from: string }): VNode {
  return <>{t("alarm.lasting", { span: formatSpan((now.value - Date.parse(from)) / 1000) })}</>;
}
