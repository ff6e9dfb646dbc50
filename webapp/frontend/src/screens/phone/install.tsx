import type { VNode } from "preact";
import { t } from "../../i18n/t";
import { mayInstall } from "../../store/pwa";

/** Drawn, not photographed: the buttons look a little different on every version, their shapes do not. */
function Screen({ children }: { children: VNode }): VNode {
  return (
    <svg class="install-art" viewBox="0 0 120 150" aria-hidden="true">
      <rect class="art-phone" x="6" y="2" width="108" height="146" rx="14" />
      <rect class="art-screen" x="12" y="10" width="96" height="130" rx="8" />
      {children}
    </svg>
  );
}

const Lines = ({ y }: { y: number }): VNode => (
  <path class="art-text" d={`M22 ${y}h56M22 ${y + 10}h40`} />
);

function IosShare(): VNode {
  return (
    <Screen>
      <g>
        <Lines y={26} />
        <rect class="art-bar" x="12" y="116" width="96" height="24" rx="8" />
        <path class="art-icon" d="M28 124l-5 4 5 4M44 124l5 4-5 4M84 124h8v9h-8z" />
        <circle class="art-ring" cx="66" cy="127" r="13" />
        <path
          class="art-hot"
          d="M66 131v-11M62.5 122.5 66 119l3.5 3.500M62 126h-1.500v8h11v-8H70"
        />
      </g>
    </Screen>
  );
}

function IosAdd(): VNode {
  return (
    <Screen>
      <g>
        <rect class="art-sheet" x="16" y="40" width="88" height="96" rx="8" />
        <path class="art-text" d="M26 56h44M26 76h36M26 116h40" />
        <rect class="art-row" x="20" y="86" width="80" height="20" rx="6" />
        <path class="art-hot-text" d="M28 96h44" />
        <path class="art-hot" d="M83 90h12v12H83zM89 93v6M86 96h6" />
      </g>
    </Screen>
  );
}

function HomeIcon(): VNode {
  return (
    <Screen>
      <g>
        <path
          class="art-apps"
          d="M22 24h20v20H22zM50 24h20v20H50zM78 24h20v20H78zM22 56h20v20H22zM78 56h20v20H78z"
        />
        <rect class="art-app" x="48" y="54" width="24" height="24" rx="6" />
        <path class="art-mark" d="M52 69h4l3-3 3 6 6-11" />
        <circle class="art-ring" cx="60" cy="66" r="19" />
      </g>
    </Screen>
  );
}

function AndroidDots(): VNode {
  return (
    <Screen>
      <g>
        <rect class="art-bar" x="12" y="10" width="96" height="22" rx="8" />
        <path class="art-text" d="M20 21h54" />
        <circle class="art-ring" cx="97" cy="21" r="10" />
        <path class="art-dots" d="M97 16v.01M97 21v.01M97 26v.01" />
        <Lines y={54} />
      </g>
    </Screen>
  );
}

function AndroidAdd(): VNode {
  return (
    <Screen>
      <g>
        <rect class="art-sheet" x="44" y="18" width="60" height="104" rx="6" />
        <path class="art-text" d="M54 32h32M54 50h38M54 92h28M54 108h34" />
        <rect class="art-row" x="47" y="62" width="54" height="18" rx="5" />
        <path class="art-hot-text" d="M66 71h28" />
        <path class="art-hot" d="M53 66h8v10h-8zM57 69v4M55.5 72l1.5 1.5 1.5-1.5" />
      </g>
    </Screen>
  );
}

const WAYS = [
  { name: "ios", art: [IosShare, IosAdd, HomeIcon] },
  { name: "android", art: [AndroidDots, AndroidAdd, HomeIcon] },
] as const;

function Way({ name, art }: (typeof WAYS)[number]): VNode {
  const [First, Second, Third] = art;
  return (
    <section class="card install-way">
      <h3>{t(`phone.${name}`)}</h3>
      <ol class="install-steps">
        <li>
          <First />
          <span>{t(`phone.${name}_1`)}</span>
        </li>
        <li>
          <Second />
          <span>{t(`phone.${name}_2`)}</span>
        </li>
        <li>
          <Third />
          <span>{t(`phone.${name}_3`)}</span>
        </li>
      </ol>
    </section>
  );
}

/** No iPhone lets a page offer this itself; where a browser does, its own question is one tap. */
export function InstallHelp(): VNode {
  const install = mayInstall.value;
  const apple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
  const ways = apple ? WAYS : [...WAYS].reverse();
  return (
    <section class="install" aria-labelledby="install-title">
      <h2 class="section-title" id="install-title">
        {t("phone.install")}
      </h2>
      {install ? (
        <button type="button" class="button button-primary button-large" onClick={install}>
          {t("phone.install_now")}
        </button>
      ) : null}
      <p class="quiet">{t("phone.move")}</p>
      <div class="install-ways">
        {ways.map((way) => (
          <Way key={way.name} {...way} />
        ))}
      </div>
    </section>
  );
}
