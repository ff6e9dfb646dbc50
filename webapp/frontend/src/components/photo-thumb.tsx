import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n/t";
import { photoState } from "../sync/status";
import { thumbUrl } from "../work/capture";
import { Icon } from "./icons";

export const serverThumb = (sha256: string): string => `/api/v1/photos/${sha256}/thumb.webp`;

interface Props {
  sha256: string;
  alt: string;
  /** Where the server said that it has no smaller picture of this one. */
  bare?: boolean;
}

/** The phone's own small picture where there is one, else the server's, else an outline: never nothing. */
export function PhotoThumb({ sha256, alt, bare = false }: Props): VNode {
  const url = useSignal<string | null>(null);
  const state = photoState(sha256);
  useEffect(() => {
    let gone = false;
    void thumbUrl(sha256)
      .catch(() => null)
      .then((own) => {
        if (!gone) url.value = own ?? (state === "server" && !bare ? serverThumb(sha256) : null);
      });
    return () => {
      gone = true;
    };
  }, [sha256, state, bare]);
  if (!url.value) {
    return (
      <span class="thumb thumb-empty">
        <Icon name="image" size={28} />
        <span class="sr-only">{alt}</span>
      </span>
    );
  }
  return (
    <img
      class="thumb"
      src={url.value}
      alt={alt}
      loading="lazy"
      decoding="async"
      onError={() => {
        url.value = null;
      }}
    />
  );
}

/** Short enough to compare with the eye; the whole one is a tap away. */
export const shortHash = (sha256: string): string => `${sha256.slice(0, 8)}…${sha256.slice(-4)}`;

export function Hash({ sha256 }: { sha256: string }): VNode {
  const open = useSignal(false);
  const copied = useSignal(false);
  const copy = (): void => {
    void navigator.clipboard?.writeText(sha256).then(
      () => {
        copied.value = true;
      },
      () => undefined,
    );
  };
  if (!open.value) {
    return (
      <button
        type="button"
        class="link-button hash"
        aria-label={t("photo.hash_show", { hash: shortHash(sha256) })}
        onClick={() => {
          open.value = true;
        }}
      >
        {shortHash(sha256)}
      </button>
    );
  }
  return (
    <span class="hash-whole">
      <code>{sha256}</code>
      <button type="button" class="icon-button" aria-label={t("photo.hash_copy")} onClick={copy}>
        <Icon name={copied.value ? "check" : "copy"} size={20} />
      </button>
      <span class="sr-only" role="status">
        {copied.value ? t("photo.hash_copied") : ""}
      </span>
    </span>
  );
}
