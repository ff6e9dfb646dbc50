import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import type { Device } from "../../api/device-types";
import { t } from "../../i18n/t";
import { displayName } from "../../lib/devices";
import { retireDevice } from "../../store/devices";
import { errorText } from "./errors";

/** Asked once more, because there is no way back: a retired device is not adopted again. */
export function Retire({ device, onDone }: { device: Device; onDone: () => void }): VNode {
  const asked = useSignal(false);
  const busy = useSignal(false);
  const error = useSignal("");
  const retire = async (): Promise<void> => {
    if (busy.value) return;
    busy.value = true;
    error.value = "";
    try {
      await retireDevice(device.id);
      onDone();
    } catch (failed) {
      error.value = errorText(failed);
    } finally {
      busy.value = false;
    }
  };
  const ask = (yes: boolean) => (): void => {
    asked.value = yes;
  };
  if (!asked.value)
    return (
      <button type="button" class="link-button retire" data-testid="retire" onClick={ask(true)}>
        {t("retire.ask")}
      </button>
    );
  return (
    <fieldset class="new-place">
      <legend class="sr-only">{t("retire.ask")}</legend>
      <p>{t("retire.sure", { name: displayName(device) })}</p>
      {error.value ? (
        <p class="form-error" role="alert">
          {error.value}
        </p>
      ) : null}
      <div class="new-place-buttons">
        <button type="button" class="button" onClick={ask(false)}>
          {t("adopt.cancel")}
        </button>
        <button
          type="button"
          class="button"
          data-testid="retire-send"
          disabled={busy.value}
          onClick={() => void retire()}
        >
          {t(busy.value ? "retire.doing" : "retire.do")}
        </button>
      </div>
    </fieldset>
  );
}
