import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Loads a component when it is first shown; a failed load can be tried again by showing it again. */
export function lazyComponent<P extends object>(
  load: () => Promise<{ default: ComponentType<P> }>,
  waiting: () => VNode,
  failed: (retry: () => void) => VNode,
): ComponentType<P> {
  let ready: ComponentType<P> | null = null;
  return function Lazy(props: P): VNode {
    const [state, setState] = useState<"waiting" | "ready" | "failed">(ready ? "ready" : "waiting");
    useEffect(() => {
      if (state !== "waiting") return;
      load().then(
        (module) => {
          ready = module.default;
          setState("ready");
        },
        () => setState("failed"),
      );
    }, [state]);
    if (ready) {
      const Ready = ready;
      return <Ready {...props} />;
    }
    return state === "failed" ? failed(() => setState("waiting")) : waiting();
  };
}
