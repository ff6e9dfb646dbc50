import type { VNode } from "preact";
import { Icon } from "./icons";

interface SearchFieldProps {
  /** What is searched, for who cannot see the field. */
  label: string;
  /** What may be typed, shown while it is empty. */
  hint: string;
  text: string;
  onText: (text: string) => void;
  testId?: string;
}

export function SearchField({ label, hint, text, onText, testId }: SearchFieldProps): VNode {
  return (
    <div class="input-group">
      <Icon name="search" size={20} />
      <input
        class="input"
        type="search"
        data-testid={testId}
        aria-label={label}
        placeholder={hint}
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </div>
  );
}
