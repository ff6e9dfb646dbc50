import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { t } from "../i18n/t";
import { navigate } from "../router";
import { leavePaused, me, paused, signOut } from "../store/session";
import { syncNow } from "../sync/engine";
import { rows } from "../sync/status";

/** Signing out never deletes what is unsent; who leaves should know that it is still here, and whose it stays. */
export function SignOut(): VNode {
  const failed = useSignal(false);
  const own = rows.value.filter((row) => row.author.id === me.value?.user.id).length;
  const leave = (): void => {
    failed.value = false;
    if (paused.peek()) {
      leavePaused();
      return;
    }
    signOut().then(
      // The next person at this phone starts at the front, not where this one was.
      () => navigate("/sign-in", true),
      () => {
        failed.value = true;
      },
    );
  };
  return (
    <div class="sign-out">
      {own > 0 && !paused.value ? (
        <div class="unsent" data-testid="unsent-warning">
          <p>{t("account.unsent", { count: own })}</p>
          <button
            type="button"
            class="button button-primary button-wide"
            onClick={() => void syncNow()}
          >
            {t("account.send_first")}
          </button>
        </div>
      ) : null}
      {failed.value ? (
        <p class="form-error" role="alert">
          {t("account.sign_out_failed")}
        </p>
      ) : null}
      <button type="button" class="button button-wide" data-testid="sign-out" onClick={leave}>
        {paused.value
          ? t("paused.sign_in")
          : t(own > 0 ? "account.sign_out_anyway" : "account.sign_out")}
      </button>
    </div>
  );
}
