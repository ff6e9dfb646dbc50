import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { dropPref, readPref, writePref } from "../db/prefs";
import { author } from "../store/author";

export interface Typed {
  text: Signal<string>;
  input: (text: string) => void;
  flush: () => void;
}

interface Options {
  /** Names what is typed into, so that it is found again after the page was killed. */
  name: string;
  stored: string;
  /** Answers whether it was kept; what was not stays as a draft. */
  save: (text: string) => Promise<boolean>;
  delay: number;
}

/**
 * Words that are saved as they are typed. Each key is written through to this device at once; the
 * record itself gets a version when the typing rests, the field is left, or the page is hidden.
 */
export function useTyped(options: Options): Typed {
  const { stored } = options;
  // Whose words they are: on a shared phone the next person must not say what this one began to write.
  const name = `${author.value?.id ?? ""}.${options.name}`;
  const text = useSignal(readPref(name) ?? stored);
  const state = useRef({ saved: stored, timer: 0, options: { ...options, name } });
  state.current.options = { ...options, name };
  const flush = (): void => {
    const { timer, saved, options: now } = state.current;
    clearTimeout(timer);
    const typed = text.peek();
    if (typed === saved) return;
    state.current.saved = typed;
    void now.save(typed).then((kept) => {
      if (!kept) state.current.saved = saved;
      else if (text.peek() === typed) dropPref(now.name);
    });
  };
  const input = (typed: string): void => {
    text.value = typed;
    writePref(name, typed);
    clearTimeout(state.current.timer);
    state.current.timer = window.setTimeout(flush, options.delay);
  };
  // What another device or an undo wrote is shown, unless somebody is in the middle of writing here.
  useEffect(() => {
    if (text.peek() === state.current.saved) text.value = stored;
    state.current.saved = stored;
  }, [stored]);
  useEffect(() => {
    const hide = (): void => {
      if (document.visibilityState === "hidden") flush();
    };
    document.addEventListener("visibilitychange", hide);
    addEventListener("pagehide", flush);
    if (readPref(name) !== null) flush();
    return () => {
      document.removeEventListener("visibilitychange", hide);
      removeEventListener("pagehide", flush);
      flush();
    };
  }, [name]);
  return { text, input, flush };
}
