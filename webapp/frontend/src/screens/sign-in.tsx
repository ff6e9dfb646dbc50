import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { ApiError } from "../api/client";
import { BrandMark } from "../components/brand";
import { Icon } from "../components/icons";
import { LocalDrafts } from "../components/local-drafts";
import { t } from "../i18n/t";
import { session, signIn } from "../store/session";

function messageFor(error: unknown): string {
  if (!(error instanceof ApiError)) return t("signin.unreachable");
  if (error.status === 401) return t("signin.wrong");
  if (error.status === 429) return t("signin.too_many");
  return t("signin.failed", { detail: error.message || String(error.status) });
}

function PasswordField({
  value,
  onInput,
}: {
  value: string;
  onInput: (text: string) => void;
}): VNode {
  const shown = useSignal(false);
  const common = {
    class: "input",
    id: "password",
    name: "password",
    autocomplete: "current-password",
    value,
    onInput: (event: InputEvent) => onInput((event.currentTarget as HTMLInputElement).value),
  };
  return (
    <div class="field">
      <label class="field-label" for="password">
        {t("signin.password")}
      </label>
      <div class="input-group">
        {shown.value ? <input {...common} type="text" /> : <input {...common} type="password" />}
        <button
          type="button"
          class="icon-button"
          aria-pressed={shown.value}
          aria-label={t(shown.value ? "signin.hide_password" : "signin.show_password")}
          onClick={() => {
            shown.value = !shown.value;
          }}
        >
          <Icon name="eye" />
        </button>
      </div>
    </div>
  );
}

function SignInForm(): VNode {
  const username = useSignal("");
  const password = useSignal("");
  const busy = useSignal(false);
  const error = useSignal("");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    if (!username.value.trim() || !password.value) {
      error.value = t("signin.missing");
      return;
    }
    busy.value = true;
    error.value = "";
    try {
      await signIn(username.value.trim(), password.value);
    } catch (problem) {
      error.value = messageFor(problem);
    }
    busy.value = false;
  };
  return (
    <form class="sign-in-form" onSubmit={(event) => void submit(event)} noValidate>
      <label class="field">
        <span class="field-label">{t("signin.username")}</span>
        <input
          class="input"
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          value={username.value}
          onInput={(event) => {
            username.value = event.currentTarget.value;
          }}
        />
      </label>
      <PasswordField
        value={password.value}
        onInput={(text) => {
          password.value = text;
        }}
      />
      {error.value ? (
        <p class="form-error" role="alert">
          {error.value}
        </p>
      ) : null}
      <button
        type="submit"
        class="button button-primary button-large button-wide"
        disabled={busy.value}
      >
        {busy.value ? t("signin.busy") : t("signin.submit")}
      </button>
    </form>
  );
}

export function SignIn(): VNode {
  const state = session.value;
  const expired = state.status === "signed-out" && state.expired;
  return (
    <div class="sign-in">
      <header class="sign-in-side">
        <div class="sign-in-brand">
          <BrandMark size={48} />
          <span>{t("app.name")}</span>
        </div>
        <p>{t("app.tagline")}</p>
        <svg
          class="sign-in-art"
          viewBox="0 0 600 200"
          preserveAspectRatio="xMaxYMid slice"
          aria-hidden="true"
        >
          <path class="art-limit" d="M0 62H600" />
          <path
            class="art-line"
            d="M0 132C40 120 60 150 96 146S150 104 190 112s52 44 96 36 60-52 98-46 34 46 62 62l30 16L600 40"
          />
          <circle class="art-dot" cx="560" cy="82" r="7" />
        </svg>
      </header>
      <main class="sign-in-main" id="main">
        <h1>{t("signin.title")}</h1>
        {expired ? (
          <p class="notice" role="status">
            {t("signin.expired")}
          </p>
        ) : null}
        <SignInForm />
        <LocalDrafts />
      </main>
    </div>
  );
}
