import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Evidence } from "../../api/types";
import { Icon } from "../../components/icons";
import { PointRow } from "../../components/point-row";
import { Loading, RetryState, StateMessage } from "../../components/states";
import { t, tData } from "../../i18n/t";
import { goBack } from "../../router";
import { type AspectRecord, evidence, loadEvidence } from "../../store/aspects";
import { points } from "../../store/points";
import { aspects } from "../../work/store";
import { EvidenceList } from "./evidence";
import { AspectPhotos } from "./photos";

const REFRESH_MS = 30_000;
/** So that a phone reaches the photos without a long way. */
const SHOWN_POINTS = 3;

function known(id: string): AspectRecord | null {
  const { data } = evidence.state.value;
  if (data?.aspect.id === id) return data.aspect as unknown as AspectRecord;
  return (aspects.value.get(id) as AspectRecord | undefined) ?? null;
}

function Facts({ aspect }: { aspect: AspectRecord }): VNode {
  const facts: [string, string | null | undefined][] = [
    [t("aspect.activity"), aspect.activity],
    [t("aspect.impact"), aspect.impact],
    [t("aspect.condition"), aspect.condition ? tData("condition", aspect.condition) : null],
    [
      t("aspect.significance"),
      t(aspect.significant ? "aspects.significant" : "aspect.not_significant"),
    ],
    [t("point.location"), aspect.location?.path],
  ];
  return (
    <dl class="facts aspect-facts">
      {facts.map(([name, value]) =>
        value ? (
          <div key={name} class="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

/** The points that the register names, and those that name the aspect themselves. */
function LivePoints({ aspect }: { aspect: AspectRecord }): VNode | null {
  const all = useSignal(false);
  const named = new Set(aspect.points ?? []);
  const items = [...points.value.values()].filter((item) => {
    const point = item.peek();
    return named.has(point.point) || point.aspect?.id === aspect.id;
  });
  if (items.length === 0) return null;
  const shown = all.value ? items : items.slice(0, SHOWN_POINTS);
  return (
    <section aria-labelledby="live-title">
      <h2 class="section-title" id="live-title">
        {t("aspect.live")}
      </h2>
      <ul class="rows">
        {shown.map((item) => (
          <PointRow key={item.peek().point} item={item} />
        ))}
      </ul>
      {shown.length < items.length ? (
        <button
          type="button"
          class="button button-wide more"
          onClick={() => {
            all.value = true;
          }}
        >
          {t("aspect.more", { count: items.length - shown.length })}
        </button>
      ) : null}
    </section>
  );
}

function Behind({ id }: { id: string }): VNode {
  const { status, data, failure } = evidence.state.value;
  const own: Evidence | null = data?.aspect.id === id ? data : null;
  if (own)
    return (
      <>
        <AspectPhotos photos={own.photos} />
        <EvidenceList items={own.items} />
      </>
    );
  if (status !== "failed") return <Loading rows={4} />;
  return (
    <RetryState
      title={t(failure === "unreachable" ? "offline.title" : "aspect.failed")}
      help={t(failure === "unreachable" ? "aspect.offline" : "load.server_help")}
      onRetry={() => void loadEvidence(id)}
    />
  );
}

function Body({ id }: { id: string }): VNode {
  const aspect = known(id);
  const { status, failure } = evidence.state.value;
  if (status === "failed" && failure === "missing")
    return (
      <StateMessage
        alone
        title={t("aspect.unknown")}
        help={t("aspect.unknown_help")}
        icon="search"
      />
    );
  if (!aspect) return <Behind id={id} />;
  return (
    <div class="aspect-page">
      <div class="page-head">
        <p class="overline">{t("aspect.overline")}</p>
        <h1>{aspect.name}</h1>
      </div>
      <div class="aspect-columns">
        <div class="aspect-side">
          <section class="card">
            <Facts aspect={aspect} />
          </section>
          <LivePoints aspect={aspect} />
        </div>
        <div class="aspect-behind">
          <Behind id={id} />
        </div>
      </div>
    </div>
  );
}

export function AspectScreen({ id }: { id: string }): VNode {
  useEffect(() => {
    void loadEvidence(id);
    const timer = setInterval(() => void loadEvidence(id), REFRESH_MS);
    return () => clearInterval(timer);
  }, [id]);
  return (
    <>
      <button type="button" class="back-button" onClick={() => goBack("/aspects")}>
        <Icon name="back" />
        {t("aspects.all")}
      </button>
      <Body id={id} />
    </>
  );
}
