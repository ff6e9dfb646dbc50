import { useEffect, useRef } from "preact/hooks";

const TYPING = "input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]";

/** Keys of a whole screen, silent while somebody types, a dialog is open, or a modifier is held. */
export function useKeys(handle: (key: string) => boolean): void {
  const current = useRef(handle);
  current.current = handle;
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if ((event.target as Element | null)?.closest?.(TYPING)) return;
      if (document.querySelector("dialog[open]")) return;
      if (current.current(event.key)) event.preventDefault();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}
