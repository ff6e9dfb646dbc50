import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../../components/icons";
import { Loading, RetryState, StateMessage } from "../../components/states";
import { t, tData } from "../../i18n/t";
import { aspectPath } from "../../router";
import { type AspectRecord, aspectList, loadAspects } from "../../store/aspects";
import { site } from "../../store/session";
import { aspects } from "../../work/store";

/** What the server said, else what this phone keeps for working offline. */
function known(): AspectRecord[] | null {
  const fresh = aspectList.state.value.data;
  if (fresh) return fresh;
  const kept = [...aspects.value.values()] as unknown as AspectRecord[];
  return kept.length > 0 ? kept : null;
}

function Card({ aspect }: { aspect: AspectRecord }): VNode {
  const points = aspect.points?.length ?? 0;
  return (
    <li>
      <a class="aspect-card" href={aspectPath(aspect.id)} data-testid={`aspect-${aspect.id}`}>
        <span class="aspect-icon">
          <Icon name="leaf" />
        </span>
        <span class="aspect-main">
          <span class="aspect-name">{aspect.name}</span>
          <span class="quiet">{aspect.impact}</span>
          <span class="aspect-tags">
            {aspect.significant ? (
              <span class="tag tag-significant">{t("aspects.significant")}</span>
            ) : null}
            <span class="tag tag-plain">{tData("condition", aspect.condition)}</span>
            {aspect.location ? <span class="quiet">{aspect.location.path}</span> : null}
            {points > 0 ? (
              <span class="quiet">{t("aspects.points", { count: points })}</span>
            ) : null}
          </span>
        </span>
      </a>
    </li>
  );
}

function Body({ siteId }: { siteId: string }): VNode {
  const items = known();
  const { status, failure } = aspectList.state.value;
  if (!items) {
    if (status === "loading") return <Loading rows={4} />;
    if (status === "failed") {
      return (
        <RetryState
          title={t(failure === "unreachable" ? "offline.title" : "aspects.failed")}
          help={t(failure === "unreachable" ? "aspects.offline" : "load.server_help")}
          onRetry={() => void loadAspects(siteId)}
        />
      );
    }
  }
  if (!items || items.length === 0)
    return <StateMessage title={t("aspects.empty")} help={t("aspects.empty_help")} icon="leaf" />;
  const order = [...items].sort(
    (a, b) => Number(b.significant) - Number(a.significant) || a.name.localeCompare(b.name),
  );
  return (
    <ul class="aspect-list">
      {order.map((aspect) => (
        <Card key={aspect.id} aspect={aspect} />
      ))}
    </ul>
  );
}

export function AspectList(): VNode {
  const siteId = site.value?.id ?? "";
  useEffect(() => {
    aspectList.reset();
    void loadAspects(siteId);
  }, [siteId]);
  return (
    <>
      <div class="page-head">
        <h1>{t("aspects.title")}</h1>
        <p class="page-intro quiet">{t("aspects.intro")}</p>
      </div>
      <Body siteId={siteId} />
    </>
  );
}
