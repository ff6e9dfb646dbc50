import { useSignal } from "@preact/signals";
import type { ComponentChildren, VNode } from "preact";
import { useEffect } from "preact/hooks";
import { formatNumber, formatSeconds, formatWhen } from "../i18n/format";
import { t, tData } from "../i18n/t";
import { serverNow } from "../store/clock";
import { zone } from "../store/session";
import { photoState } from "../sync/status";
import { thumbUrl } from "../work/capture";
import { Icon } from "./icons";
import { Hash } from "./photo-thumb";
import { Sheet } from "./sheet";
import { Where } from "./where";

export interface PhotoInfo {
  sha256: string;
  caption: string;
  by: string | null;
  at: number | null;
  place: string | null;
  aspect: string | null;
  position: { lat: number; lon: number; accuracy: number | null } | null;
  source: string | null;
  /** Why the server has no smaller picture of it, where it has none. */
  noPicture: string | null;
  /** What this phone knows of it; else the server's word counts. */
  mine: boolean;
}

export function positionText({ lat, lon, accuracy }: NonNullable<PhotoInfo["position"]>): string {
  const place = `${formatNumber(lat, 5)}, ${formatNumber(lon, 5)}`;
  return accuracy === null ? place : t("photo.accuracy", { place, metres: Math.ceil(accuracy) });
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): VNode {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function PhotoFacts({ photo }: { photo: PhotoInfo }): VNode {
  return (
    <dl class="facts photo-facts">
      {photo.at === null ? null : (
        <Fact name={t("photo.taken")}>
          <time
            dateTime={new Date(photo.at).toISOString()}
            title={formatSeconds(photo.at, zone.value)}
          >
            {formatWhen(photo.at, zone.value, serverNow())}
          </time>
          {photo.by ? ` · ${photo.by}` : ""}
        </Fact>
      )}
      {photo.place ? <Fact name={t("photo.place")}>{photo.place}</Fact> : null}
      {photo.aspect ? <Fact name={t("point.aspect")}>{photo.aspect}</Fact> : null}
      <Fact name={t("photo.position")}>
        {photo.position ? positionText(photo.position) : t("photo.no_position")}
      </Fact>
      {photo.source ? (
        <Fact name={t("photo.source")}>{tData("photo.from", photo.source)}</Fact>
      ) : null}
      <Fact name={t("photo.hash")}>
        <Hash sha256={photo.sha256} />
      </Fact>
    </dl>
  );
}

function Picture({ photo, onServer }: { photo: PhotoInfo; onServer: boolean }): VNode {
  const url = useSignal<string | null>(null);
  const large =
    onServer && photo.noPicture === null ? `/api/v1/photos/${photo.sha256}/large.webp` : null;
  const own = async (): Promise<void> => {
    url.value = await thumbUrl(photo.sha256).catch(() => null);
  };
  useEffect(() => {
    if (large) url.value = large;
    else void own();
  }, [large, photo.sha256]);
  if (!url.value) {
    return (
      <div class="photo-none">
        <Icon name="image" size={40} />
        <p>{photo.noPicture ? tData("photo.none", photo.noPicture) : t("photo.no_picture")}</p>
      </div>
    );
  }
  return (
    <img
      class="photo-large"
      src={url.value}
      alt={photo.caption || t("photo.alt")}
      // Without a network the phone's own small picture is better than none.
      onError={() => (url.value === large ? void own() : undefined)}
    />
  );
}

/** One photo in full, with what makes it evidence. */
export function PhotoView({
  photo,
  onClose,
  children,
}: {
  photo: PhotoInfo;
  onClose: () => void;
  children?: ComponentChildren;
}): VNode {
  const onServer = !photo.mine || photoState(photo.sha256) === "server";
  return (
    <Sheet title={photo.caption || t("photo.title")} onClose={onClose} wide>
      <div class="photo-view">
        <Picture photo={photo} onServer={onServer} />
        <div class="photo-side">
          {photo.mine ? (
            <p>
              <Where kind="photo" id={photo.sha256} />
            </p>
          ) : null}
          <PhotoFacts photo={photo} />
          {onServer ? (
            <div class="button-row">
              <a class="button" href={`/api/v1/photos/${photo.sha256}/original`} download>
                <Icon name="download" />
                {t("photo.original")}
              </a>
              <a
                class="button"
                href={`/api/v1/photos/${photo.sha256}/receipt`}
                target="_blank"
                rel="noopener"
              >
                <Icon name="check" />
                {t("photo.receipt")}
              </a>
            </div>
          ) : null}
          {children}
        </div>
      </div>
    </Sheet>
  );
}
