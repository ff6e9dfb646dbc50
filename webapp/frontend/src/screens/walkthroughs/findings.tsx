import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { PhotoThumb } from "../../components/photo-thumb";
import { Where } from "../../components/where";
import { t } from "../../i18n/t";
import { findItem } from "../../lib/template";
import { findingPath } from "../../router";
import { findingsOf } from "../../work/store";
import type { Finding, FindingKind, Inspection } from "../../work/types";
import { placeName } from "./parts";

export const KINDS: FindingKind[] = ["observation", "opportunity", "minor", "major", "positive"];

export function KindTag({ kind }: { kind: FindingKind }): VNode {
  return <span class={`tag kind kind-${kind}`}>{t(`finding.kind.${kind}`)}</span>;
}

export function FindingButton({
  inspection,
  item,
}: {
  inspection: Inspection;
  item: string | null;
}): VNode {
  return (
    <a
      class="button button-large finding-button"
      data-testid="new-finding"
      href={findingPath(inspection.id, null, item)}
    >
      <Icon name="flag" />
      {t("walk.finding")}
    </a>
  );
}

function FindingRow({ inspection, finding }: { inspection: Inspection; finding: Finding }): VNode {
  const [photo] = finding.photos;
  const found = finding.item ? findItem(inspection.template.content, finding.item) : null;
  return (
    <li>
      <a
        class="finding-row"
        href={findingPath(inspection.id, finding.id)}
        data-testid={`finding-${finding.id}`}
      >
        {photo ? <PhotoThumb sha256={photo} alt="" /> : null}
        <span class="finding-main">
          <KindTag kind={finding.kind} />
          <span class="finding-text">{finding.text || t("finding.untold")}</span>
          <span class="quiet">{placeName(finding.location) ?? found?.section.title ?? ""}</span>
        </span>
        <Where kind="finding" id={finding.id} compact />
      </a>
    </li>
  );
}

export function Findings({ inspection }: { inspection: Inspection }): VNode {
  const items = findingsOf(inspection.id).value;
  return (
    <section class="card" aria-labelledby="findings-title">
      <h2 class="card-title" id="findings-title">
        <Icon name="flag" />
        {t("walk.findings")}
        {items.length > 0 ? <span class="tab-count">{items.length}</span> : null}
      </h2>
      {items.length === 0 ? <p class="quiet">{t("walk.no_findings")}</p> : null}
      <ul class="finding-rows">
        {items.map((finding) => (
          <FindingRow key={finding.id} inspection={inspection} finding={finding} />
        ))}
      </ul>
    </section>
  );
}
