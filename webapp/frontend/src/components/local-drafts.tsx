import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { formatWhen } from "../i18n/format";
import { t } from "../i18n/t";
import { itemPath, navigate, walkthroughPath } from "../router";
import { serverNow } from "../store/clock";
import { carryOn } from "../store/session";
import { type LocalDraft, localDrafts } from "../work/store";

/** A session that ended in the field must not end the work: what was begun here goes on here. */
export function LocalDrafts(): VNode | null {
  const drafts = useSignal<LocalDraft[]>([]);
  useEffect(() => {
    void localDrafts().then(
      (found) => {
        drafts.value = found;
      },
      () => undefined,
    );
  }, []);
  if (drafts.value.length === 0) return null;
  const open = async ({ inspection }: LocalDraft): Promise<void> => {
    await carryOn(inspection.author);
    const { id, lastItem } = inspection;
    navigate(lastItem ? itemPath(id, lastItem) : walkthroughPath(id), true);
  };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <section class="local-drafts" aria-labelledby="local-title" data-testid="local-drafts">
      <h2 id="local-title">{t("signin.carry_on")}</h2>
      <p class="quiet">{t("signin.carry_on_help")}</p>
      <ul class="cards">
        {drafts.value.map((draft) => (
          <li key={draft.inspection.id}>
            <button type="button" class="local-draft" onClick={() => void open(draft)}>
              <strong>{draft.inspection.template.title}</strong>
              <span class="quiet">
                {draft.inspection.author.name} ·{" "}
                {t("walks.begun", {
                  time: formatWhen(draft.inspection.startedAt, zone, serverNow()),
                })}{" "}
                ·{" "}
                {t("walks.progress", {
                  answered: draft.answered,
                  items: draft.inspection.template.content.sections.reduce(
                    (sum, section) => sum + section.items.length,
                    0,
                  ),
                })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
