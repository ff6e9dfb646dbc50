import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { PhotoThumb } from "../../components/photo-thumb";
import { type PhotoInfo, PhotoView } from "../../components/photo-view";
import { Where } from "../../components/where";
import { t } from "../../i18n/t";
import { capturesOf } from "../../work/store";
import type { Capture } from "../../work/types";
import { aspectName, placeName } from "./parts";

function infoOf(sha256: string, capture: Capture | undefined): PhotoInfo {
  return {
    sha256,
    caption: capture?.caption ?? "",
    by: capture?.author.name ?? null,
    at: capture?.capturedAt ?? null,
    place: placeName(capture?.location ?? null),
    aspect: aspectName(capture?.aspect ?? null),
    position: capture?.position ?? null,
    source: capture?.source ?? null,
    noPicture: null,
    mine: true,
  };
}

interface Props {
  inspection: string;
  photos: readonly string[];
  /** What they show, for those who cannot see them. */
  of: string;
}

/** Each photo with where it is; a tap shows it in full, with what makes it evidence. */
export function Photos({ inspection, photos, of }: Props): VNode | null {
  const open = useSignal<string | null>(null);
  if (photos.length === 0) return null;
  const captures = capturesOf(inspection).value;
  const captureOf = (sha256: string): Capture | undefined =>
    captures.find((capture) => capture.sha256 === sha256);
  return (
    <>
      <ul class="thumbs" data-testid="photos">
        {photos.map((sha256, index) => (
          <li key={sha256}>
            <button
              type="button"
              class="thumb-button"
              onClick={() => {
                open.value = sha256;
              }}
            >
              <PhotoThumb
                sha256={sha256}
                alt={t("photo.of", { number: index + 1, question: of })}
              />
              <Where kind="photo" id={sha256} compact />
            </button>
          </li>
        ))}
      </ul>
      {open.value ? (
        <PhotoView
          photo={infoOf(open.value, captureOf(open.value))}
          onClose={() => {
            open.value = null;
          }}
        />
      ) : null}
    </>
  );
}
