import type { VNode } from "preact";
import { formatWhen } from "../../i18n/format";
import { t } from "../../i18n/t";
import { thisDevice } from "../../store/author";
import { serverNow } from "../../store/clock";
import { zone } from "../../store/session";
import type { Inspection } from "../../work/types";

const when = (at: number): string => formatWhen(at, zone.value, serverNow());

export function About({ inspection }: { inspection: Inspection }): VNode {
  const { template, author, startedAt, submittedAt, deviceId } = inspection;
  const facts: [string, string | null][] = [
    [t("walk.by"), author.name],
    [t("walk.started"), when(startedAt)],
    [t("walk.submitted"), submittedAt ? when(submittedAt) : null],
    [t("walk.device"), t(deviceId === thisDevice.value ? "walks.this_phone" : "walks.other_phone")],
    [t("walk.template"), t("walk.version", { title: template.title, version: template.version })],
  ];
  return (
    <section class="card" aria-labelledby="about-walk">
      <h2 class="card-title" id="about-walk">
        {t("walk.about")}
      </h2>
      <dl class="facts facts-list">
        {facts.map(([name, value]) =>
          value ? (
            <div key={name} class="fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ) : null,
        )}
      </dl>
    </section>
  );
}
