import type { ComponentChildren, VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../i18n/t";
import { Icon } from "./icons";

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** For what needs the room of a desktop: pictures. */
  wide?: boolean;
}

/** A modal that rises from the thumb's side on a phone and stands in the middle on a desktop. */
export function Sheet({ title, onClose, children, wide = false }: Props): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement as HTMLElement | null;
    element?.showModal();
    return () => {
      element?.close();
      before?.focus?.();
    };
  }, []);
  return (
    // The click on the backdrop is a convenience; Escape and the close button do the same by keyboard.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <dialog
      ref={dialog}
      class={wide ? "sheet sheet-wide" : "sheet"}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div class="sheet-body">
        <div class="sheet-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="icon-button" aria-label={t("app.close")} onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
