import { type Panel, type RowPanel, VariableType } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import { DASHBOARDS } from '../../grafana/source/dashboards.ts';

export interface Asked {
  /** Dashboard and panel, for messages. */
  readonly where: string;
  /** As it stands there. */
  readonly expr: string;
  /** Looked at once, not over time. */
  readonly instant: boolean;
}

export const isPanel = (panel: Panel | RowPanel): panel is Panel => panel.type !== 'row';

export const queriesOf = (panel: Panel): readonly Dataquery[] =>
  (panel.targets ?? []).filter((target): target is Dataquery => 'expr' in target);

/** Everything that the dashboards ask Prometheus, annotations and variables as well. */
export function everythingAsked(): readonly Asked[] {
  return Object.entries(DASHBOARDS).flatMap(([name, { panels = [], annotations, templating }]) => [
    ...panels.filter(isPanel).flatMap((panel) =>
      queriesOf(panel).map(({ expr, instant }) => ({
        ...{ where: `${name}: ${panel.title}`, expr, instant: instant === true },
      })),
    ),
    ...(annotations?.list ?? []).map((annotation) => ({
      ...{ where: `${name}: annotation ${annotation.name}`, expr: annotation.expr ?? '', instant: false },
    })),
    ...(templating?.list ?? [])
      .filter(({ type }) => type === VariableType.Query)
      .map(({ name: variable, query }) => ({
        where: `${name}: variable ${variable}`,
        expr: /^label_values\((.+), \w+\)$/.exec(typeof query === 'string' ? query : '')?.[1] ?? '',
        instant: true,
      })),
  ]);
}

/** An expression as Grafana would send it. */
export function filledIn(expr: string, values: Readonly<Record<string, string>>): string {
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => values[name] ?? whole);
}
