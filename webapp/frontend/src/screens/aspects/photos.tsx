import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import type { RemoteLink, RemotePhoto } from "../../api/types";
import { Icon } from "../../components/icons";
import { Hash, serverThumb } from "../../components/photo-thumb";
import { type PhotoInfo, PhotoView, positionText } from "../../components/photo-view";
import { StateMessage } from "../../components/states";
import { When } from "../../components/time";
import { t } from "../../i18n/t";
import { aspects, places } from "../../work/store";

const placeOf = (link: RemoteLink): string | null =>
  link.location ? (places.value.get(link.location)?.path ?? null) : null;

function positionOf({ lat, lon, accuracy }: RemoteLink): PhotoInfo["position"] {
  return lat === null || lon === null ? null : { lat, lon, accuracy };
}

export function infoOf(photo: RemotePhoto): PhotoInfo {
  const [link] = photo.links;
  return {
    sha256: photo.sha256,
    caption: link?.caption ?? "",
    by: link?.author.name ?? null,
    at: link ? Date.parse(link.captured_at) : null,
    place: link ? placeOf(link) : null,
    aspect: link?.aspect ? (aspects.value.get(link.aspect)?.name ?? null) : null,
    position: link ? positionOf(link) : null,
    source: link?.source ?? null,
    noPicture: photo.rendition === "none" ? (photo.rendition_reason ?? "none") : null,
    mine: false,
  };
}

/** A picture of the server's; until it is made, or where none can be, an outline that says so. */
export function ServerThumb({ photo, alt }: { photo: RemotePhoto; alt: string }): VNode {
  const failed = useSignal(false);
  if (photo.state === "awaited" || photo.rendition === "none" || failed.value)
    return (
      <span class="thumb thumb-empty">
        <Icon name={photo.state === "awaited" ? "clock" : "image"} size={28} />
        <span class="sr-only">{alt}</span>
      </span>
    );
  return (
    <img
      class="thumb"
      src={serverThumb(photo.sha256)}
      alt={alt}
      loading="lazy"
      decoding="async"
      onError={() => {
        failed.value = true;
      }}
    />
  );
}

function Card({ photo, onOpen }: { photo: RemotePhoto; onOpen: () => void }): VNode {
  const [link] = photo.links;
  const info = infoOf(photo);
  const words = info.caption || info.place || t("photo.title");
  return (
    <li class="evidence-photo" data-testid={`photo-${photo.sha256}`}>
      <button
        type="button"
        class="thumb-button"
        disabled={photo.state === "awaited"}
        onClick={onOpen}
      >
        <ServerThumb photo={photo} alt={words} />
      </button>
      <div class="evidence-photo-facts">
        {link ? (
          <p>
            <strong>{link.author.name}</strong>, <When at={link.captured_at} />
          </p>
        ) : null}
        {info.place ? (
          <p>
            <Icon name="pin" size={16} />
            {info.place}
          </p>
        ) : null}
        <p class="quiet">{info.position ? positionText(info.position) : t("photo.no_position")}</p>
        {photo.state === "awaited" ? (
          <p class="lack">{t("evidence.awaited")}</p>
        ) : (
          <p class="hash-line">
            <Hash sha256={photo.sha256} />
          </p>
        )}
      </div>
    </li>
  );
}

/** Each photo with who, when, where and the hash of the very bytes: what makes it evidence. */
export function AspectPhotos({ photos }: { photos: RemotePhoto[] }): VNode {
  const open = useSignal<RemotePhoto | null>(null);
  return (
    <section aria-labelledby="photos-title">
      <h2 class="section-title" id="photos-title">
        {t("aspect.photos")}
        {photos.length > 0 ? <span class="tab-count">{photos.length}</span> : null}
      </h2>
      {photos.length === 0 ? (
        <StateMessage
          title={t("aspect.no_photos")}
          help={t("aspect.no_photos_help")}
          icon="camera"
        />
      ) : null}
      <ul class="evidence-photos" data-testid="aspect-photos">
        {photos.map((photo) => (
          <Card
            key={photo.sha256}
            photo={photo}
            onOpen={() => {
              open.value = photo;
            }}
          />
        ))}
      </ul>
      {open.value ? (
        <PhotoView
          photo={infoOf(open.value)}
          onClose={() => {
            open.value = null;
          }}
        />
      ) : null}
    </section>
  );
}
