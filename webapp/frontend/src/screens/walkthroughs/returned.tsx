import type { VNode } from "preact";
import { Icon } from "../../components/icons";
import { t } from "../../i18n/t";
import { returned } from "../../store/returned";

export function Returned({ inspection }: { inspection: string }): VNode | null {
  if (returned.value !== inspection) return null;
  return (
    <div class="notice returned" role="status" data-testid="returned">
      <Icon name="camera" size={22} />
      <p>
        <strong>{t("returned.title")}</strong> {t("returned.help")}
      </p>
      <button
        type="button"
        class="icon-button"
        aria-label={t("pwa.dismiss")}
        onClick={() => {
          returned.value = null;
        }}
      >
        <Icon name="close" size={20} />
      </button>
    </div>
  );
}
