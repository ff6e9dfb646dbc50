import type { VNode } from "preact";
import { Camera } from "../components/camera";
import { t } from "../i18n/t";
import type { InputProps, QuestionType } from "./type";

function Input({ item, answer, target, gallery }: InputProps): VNode {
  const count = answer?.photos.length ?? 0;
  const min = item.min ?? 1;
  return (
    <div class="answers">
      <p class="answer-hint">
        {count >= min ? t("photos.have", { count }) : t("photos.needed", { count: min })}
      </p>
      <Camera target={target} sources={gallery ? ["camera", "gallery"] : ["camera"]} large />
    </div>
  );
}

export const photo: QuestionType = {
  Input,
  text: (_item, { photos }) =>
    photos.length > 0 ? t("photos.have", { count: photos.length }) : "",
  keys: () => t("item.keys"),
};
