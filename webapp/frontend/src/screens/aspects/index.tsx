import "../../styles/marks.css";
import "../../styles/aspects.css";
import type { VNode } from "preact";
import type { Route } from "../../router";
import { AspectScreen } from "./aspect";
import { AspectList } from "./list";

/** The register and its evidence: loaded when it is first opened. */
export default function Aspects({ at }: { at: Route }): VNode {
  return at.screen === "aspect" ? <AspectScreen key={at.id} id={at.id} /> : <AspectList />;
}
