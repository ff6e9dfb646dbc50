import type { VNode } from "preact";
import { OutcomeMark } from "../../components/outcome-mark";
import { Where } from "../../components/where";
import { formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { QUESTIONS } from "../../questions";
import { thisDevice } from "../../store/author";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";
import { outcomeOf } from "../../work/outcome";
import type { AnswerChange } from "../../work/record";
import type { Answer, Item } from "../../work/types";

interface Props {
  item: Item;
  found: Answer[];
  save: ((change: AnswerChange) => Promise<boolean>) | null;
}

function Head({ item, answer, save }: { item: Item; answer: Answer; save: Props["save"] }): VNode {
  const words = QUESTIONS[item.type].text(item, answer);
  const device = answer.deviceId === thisDevice.value ? "walks.this_phone" : "walks.other_phone";
  const { value, note, aspect, reading } = answer;
  return (
    <li class="two-head">
      <OutcomeMark outcome={outcomeOf(item, [answer])} />
      {item.type === "check" ? null : <strong>{words || t("item.no_answer")}</strong>}
      {note ? <blockquote class="step-note">{note}</blockquote> : null}
      <span class="quiet">
        {answer.author.name}, {t(device)}, {formatWhen(answer.answeredAt, zone.value, serverNow())}
      </span>
      <Where kind="answer" id={answer.id} />
      {save ? (
        <button
          type="button"
          class="button"
          onClick={() => void save({ value, note, aspect, reading })}
        >
          {t("item.two_keep")}
        </button>
      ) : null}
    </li>
  );
}

/** Nobody's answer is lost and none is chosen in silence: a person decides, by answering again. */
export function TwoHeads({ item, found, save }: Props): VNode | null {
  if (found.length < 2) return null;
  return (
    <section class="two" aria-labelledby="two-title" data-testid="two-answers">
      <h2 id="two-title">{t("item.two")}</h2>
      <p class="quiet">{t("item.two_help")}</p>
      <ul class="two-list">
        {found.map((answer) => (
          <Head key={answer.id} item={item} answer={answer} save={save} />
        ))}
      </ul>
    </section>
  );
}
