import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n/t";
import { currentFix } from "../lib/position";
import {
  CaptureError,
  type CaptureTarget,
  clearTarget,
  keepPhoto,
  rememberTarget,
} from "../work/capture";
import { Icon } from "./icons";

type Source = CaptureTarget["source"];

interface Props {
  target: (source: Source) => CaptureTarget;
  /** What must exist before a photo can belong to it, a finding for example; null when it could not be made. */
  prepare?: (target: CaptureTarget) => Promise<CaptureTarget | null>;
  sources: Source[];
  large?: boolean;
  onKept?: (count: number) => void;
}

export function captureErrorText(error: unknown, name: string): string {
  const code = error instanceof CaptureError ? error.code : "other";
  return code === "insecure"
    ? t("photo.error.insecure")
    : t(`photo.error.${code}`, { name: name || t("photo.error.this") });
}

interface Progress {
  current: number;
  total: number;
}

interface Run {
  progress: Progress | null;
  errors: string[];
  kept: number;
}

const PATIENCE_MS = 5000;

/** Back on the page, and no photo came: the camera was left, and nothing was lost that a restart should tell of. */
function forgetOnReturn(isBusy: () => boolean): void {
  const back = (): void => {
    if (document.visibilityState !== "visible") return;
    document.removeEventListener("visibilitychange", back);
    setTimeout(() => {
      if (!isBusy()) void clearTarget().catch(() => undefined);
    }, PATIENCE_MS);
  };
  document.addEventListener("visibilitychange", back);
}

/** One after the other: a small phone must not hold several photos in memory. */
function usePhotos({ target, prepare, onKept }: Props): {
  run: Run;
  isBusy: () => boolean;
  take: (files: File[], source: Source) => Promise<void>;
} {
  const run = useSignal<Run>({ progress: null, errors: [], kept: 0 });
  const take = async (files: File[], source: Source): Promise<void> => {
    const errors: string[] = [];
    let kept = 0;
    const wanted = target(source);
    const ready = prepare ? await prepare(wanted) : wanted;
    for (const [index, file] of files.entries()) {
      run.value = { progress: { current: index + 1, total: files.length }, errors, kept };
      try {
        if (!ready) throw new Error("nothing to belong to");
        await keepPhoto(file, ready, ready.author, source === "camera" ? currentFix() : null);
        kept += 1;
      } catch (error) {
        errors.push(captureErrorText(error, file.name));
      }
    }
    run.value = { progress: null, errors, kept };
    void clearTarget().catch(() => undefined);
    if (kept > 0) onKept?.(kept);
  };
  return { run: run.value, isBusy: () => run.peek().progress !== null, take };
}

interface InputProps {
  source: Source;
  busy: boolean;
  onOpen: () => void;
  onCancel: () => void;
  onFiles: (files: File[]) => void;
}

/** A label around a file field: the browser's own way to the camera, which no gesture rule can break. */
function PhotoInput({ source, busy, onOpen, onCancel, onFiles }: InputProps): VNode {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const element = input.current;
    element?.addEventListener("cancel", onCancel);
    return () => element?.removeEventListener("cancel", onCancel);
  });
  return (
    <input
      ref={input}
      class="file-input"
      type="file"
      accept="image/*"
      multiple
      disabled={busy}
      data-testid={source}
      {...(source === "camera" ? { capture: "environment" as const } : {})}
      onClick={onOpen}
      onChange={(event) => {
        const files = [...(event.currentTarget.files ?? [])];
        event.currentTarget.value = "";
        if (files.length > 0) onFiles(files);
        else onCancel();
      }}
    />
  );
}

/** Photo button with what happens after: progress, what was kept, and what was not and why. */
export function Camera(props: Props): VNode {
  const { target, sources, large = false } = props;
  const { run, isBusy, take } = usePhotos(props);
  const busy = run.progress !== null;
  const forget = (): void => void clearTarget().catch(() => undefined);
  return (
    <div class={large ? "camera camera-large" : "camera"}>
      <div class="camera-buttons">
        {sources.map((source) => (
          // biome-ignore lint/a11y/noLabelWithoutControl: the field is inside, in a component of its own
          <label
            key={source}
            class={`button camera-button ${large && source === "camera" ? "button-large button-primary" : ""} ${busy ? "is-busy" : ""}`}
          >
            <Icon name={source === "camera" ? "camera" : "image"} />
            <span>
              {t(source === "gallery" ? "photo.gallery" : large ? "photo.take" : "photo.button")}
            </span>
            <PhotoInput
              source={source}
              busy={busy}
              // Written down before the camera opens: the phone may kill the page meanwhile.
              onOpen={() => {
                void rememberTarget(target(source)).catch(() => undefined);
                forgetOnReturn(isBusy);
              }}
              onCancel={forget}
              onFiles={(files) => void take(files, source)}
            />
          </label>
        ))}
      </div>
      <CameraNews run={run} />
    </div>
  );
}

function CameraNews({ run }: { run: Run }): VNode {
  return (
    <div class="camera-news">
      <p role="status" data-testid="camera-news">
        {run.progress ? <span class="spinner" aria-hidden="true" /> : null}
        {run.progress
          ? t("photo.keeping", { current: run.progress.current, total: run.progress.total })
          : run.kept > 0
            ? t("photo.kept", { count: run.kept })
            : ""}
      </p>
      {run.errors.length > 0 ? (
        <div class="form-error" role="alert" data-testid="camera-error">
          {run.errors.map((text) => (
            <p key={text}>{text}</p>
          ))}
        </div>
      ) : null}
    </div>
  );
}
