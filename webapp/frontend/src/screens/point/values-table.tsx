import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import type { Point } from "../../api/types";
import type { CounterFigures, GaugeFigures } from "../../chart/figures";
import { formatAmount, formatNumber, formatWhen, unitLabel } from "../../i18n/format";
import { t } from "../../i18n/t";
import { serverNow } from "../../store/clock";
import type { RangeName } from "../../store/course";
import { zone } from "../../store/session";

interface Props {
  point: Point;
  range: RangeName;
  figures: GaugeFigures | CounterFigures;
}

interface Row {
  at: number;
  cells: string[];
}

function rowsOf(figures: Props["figures"], precision: number): Row[] {
  const number = (value: number | null | undefined): string =>
    value === null || value === undefined ? "–" : formatNumber(value, precision);
  const rows: Row[] = [];
  figures.t.forEach((at, index) => {
    if (figures.kind === "bars") {
      const value = figures.growth[index] ?? null;
      if (value !== null) rows.push({ at, cells: [formatAmount(value)] });
    } else if (figures.mean[index] !== null) {
      rows.push({
        at,
        cells: [
          number(figures.mean[index]),
          number(figures.min[index]),
          number(figures.max[index]),
        ],
      });
    }
  });
  return rows.reverse();
}

function Table({ point, range, figures }: Props): VNode {
  const heads =
    figures.kind === "bars"
      ? [t("point.increase")]
      : [t("point.mean"), t("point.lowest"), t("point.highest")];
  const unit = unitLabel(point.unit);
  return (
    <section
      class="table-scroll"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      tabIndex={0}
      aria-label={t("point.table_caption", {
        label: point.label,
        range: t(`point.range_label.${range}`),
      })}
    >
      <table>
        <thead>
          <tr>
            <th scope="col">{t("point.time")}</th>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head} ({unit})
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(figures, point.precision).map((row) => (
            <tr key={row.at}>
              <th scope="row">{formatWhen(row.at, zone.value, serverNow())}</th>
              {row.cells.map((cell, column) => (
                <td key={heads[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The same values for those who cannot see the chart; built only when asked for. */
export function ValuesTable(props: Props): VNode {
  const open = useSignal(false);
  return (
    <details
      class="values"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>{t("point.table")}</summary>
      {open.value ? <Table {...props} /> : null}
    </details>
  );
}
