import {
  GraphDrawStyle,
  StackingMode,
  TimelineValueAlignment,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** The parts that every dashboard is made of, so that each is a list of questions and nothing else. */

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;

export interface Query {
  readonly expr: string;
  /** With `{{label}}` in it; empty: all labels. */
  readonly legend?: string;
}

interface Question {
  readonly title: string;
  /** What is to be seen, in a sentence for whoever has never seen it. */
  readonly description: string;
  /** Of Grafana's. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24. */
  readonly width?: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  /** From which value on it is which colour; the first without one. */
  readonly colours?: readonly { readonly color: string; readonly from?: number }[];
}

type PanelBuilder = { build(): Panel };

const ref = (index: number): string => String.fromCharCode(65 + index);

const target = ({ expr, legend = '' }: Query, index: number): DataqueryBuilder =>
  new DataqueryBuilder().datasource(DATASOURCE).refId(ref(index)).expr(expr).legendFormat(legend).range();

const instant = ({ expr, legend = '' }: Query, index: number): DataqueryBuilder =>
  new DataqueryBuilder().datasource(DATASOURCE).refId(ref(index)).expr(expr).legendFormat(legend).instant();

const thresholds = (colours: Question['colours']): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps((colours ?? [{ color: 'green' }]).map(({ color, from }) => ({ color, value: from ?? null })));

/** Values over time. `stacked`: parts of a whole, or things that happened, as bars. */
export function series(question: Question & { readonly look?: 'line' | 'stacked' | 'bars' }): PanelBuilder {
  const { title, description, unit, queries, look = 'line' } = question;
  const panel = new timeseries.PanelBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .span(question.width ?? 12)
    .height(question.height ?? 8)
    .showPoints(VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        // oxlint-disable-next-line unicorn/no-array-sort -- it is a builder, not an array
        .sort(common.SortOrder.Descending),
    )
    .targets(queries.map(target));
  if (question.min !== undefined) panel.min(question.min);
  if (question.max !== undefined) panel.max(question.max);
  if (look === 'line') return panel.lineWidth(1).fillOpacity(8);
  return panel
    .drawStyle(look === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(look === 'bars' ? 90 : 40)
    .stacking(new common.StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
}

/** One number, or a few, as they are now. */
export function number(question: Question & { readonly text?: 'value' | 'name' }): PanelBuilder {
  const panel = new stat.PanelBuilder()
    .title(question.title)
    .description(question.description)
    .datasource(DATASOURCE)
    .unit(question.unit)
    .span(question.width ?? 4)
    .height(question.height ?? 4)
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(question.text === 'name' ? common.BigValueGraphMode.None : common.BigValueGraphMode.Area)
    .textMode(question.text === 'name' ? common.BigValueTextMode.Name : common.BigValueTextMode.Auto)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
    .thresholds(thresholds(question.colours))
    .targets(queries(question, question.text === 'name' ? instant : target));
  return question.decimals === undefined ? panel : panel.decimals(question.decimals);
}

/** Rows as they are now: one for each series, one column for each label of it. */
export function list(question: Omit<Question, 'min' | 'max'>): PanelBuilder {
  return new table.PanelBuilder()
    .title(question.title)
    .description(question.description)
    .datasource(DATASOURCE)
    .unit(question.unit)
    .span(question.width ?? 12)
    .height(question.height ?? 8)
    .thresholds(thresholds(question.colours))
    .targets(queries(question, (query, index) => instant(query, index).format(PromQueryFormat.Table)))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: { excludeByName: { Time: true, __name__: true, job: true } },
    });
}

/** What was so when: a band for each series, coloured where its value is 1. */
export function states(question: Question): PanelBuilder {
  return new statetimeline.PanelBuilder()
    .title(question.title)
    .description(question.description)
    .datasource(DATASOURCE)
    .unit(question.unit)
    .span(question.width ?? COLUMNS)
    .height(question.height ?? 7)
    .rowHeight(0.85)
    .lineWidth(0)
    .fillOpacity(80)
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .alignValue(TimelineValueAlignment.Left)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .thresholds(thresholds(question.colours))
    .targets(queries(question, target));
}

/** How often which value came: of the buckets of a histogram. */
export function spread(question: Question): PanelBuilder {
  return new heatmap.PanelBuilder()
    .title(question.title)
    .description(question.description)
    .datasource(DATASOURCE)
    .span(question.width ?? 12)
    .height(question.height ?? 8)
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit(question.unit))
    .targets(queries(question, (query, index) => target(query, index).format(PromQueryFormat.Heatmap)));
}

const queries = <T>({ queries: all }: Question, make: (query: Query, index: number) => T): T[] =>
  all.map(make);

export interface Section {
  /** `undefined`: it stands at the top, without a heading. */
  readonly title?: string;
  readonly panels: readonly PanelBuilder[];
}

/** Of the variables that a dashboard has beside the data source. */
export const RECORDER = 'instance=~"$recorder"';
export const CAMERA = `${RECORDER},camera="$camera"`;

/** A dashboard; `camera`: it is of one camera, which is chosen. */
export function board(options: {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly camera?: boolean;
  /** As in `now-6h`. */
  readonly from: string;
  readonly sections: readonly Section[];
}): Dashboard {
  const { uid, title, description, camera = false, from, sections } = options;
  const builder = new DashboardBuilder(`Vigie: ${title}`)
    .uid(uid)
    .description(description)
    .tags(['vigie'])
    .timezone('browser')
    .time({ from, to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data').type('prometheus'))
    .withVariable(
      choice('recorder', 'Recorder', 'label_values(vigie_build_info, instance)').includeAll(true).multi(true),
    )
    .link(
      new DashboardLinkBuilder('Vigie')
        .type(DashboardLinkType.Dashboards)
        .tags(['vigie'])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .annotation(
      annotation(
        'Starts',
        'purple',
        `changes(process_start_time_seconds{job="vigie",${RECORDER}}[1m]) > 0`,
        'Vigie was started',
        'instance',
      ),
    )
    .annotation(
      annotation(
        'Gaps',
        'red',
        `sum by (camera, cause) (increase(vigie_gap_seconds_total{${camera ? CAMERA : RECORDER}}[1m])) > ${camera ? 0 : 5}`,
        'Not recorded: {{camera}}, {{cause}}',
        'camera,cause',
      ),
    );
  if (camera) {
    builder.withVariable(choice('camera', 'Camera', `label_values(vigie_camera_state{${RECORDER}}, camera)`));
  }
  for (const { title: heading, panels } of sections) {
    if (heading !== undefined) builder.withRow(new RowBuilder(heading));
    for (const panel of panels) builder.withPanel(panel);
  }
  const built = builder.build();
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1;
  return built;
}

const choice = (name: string, label: string, query: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    // oxlint-disable-next-line unicorn/no-array-sort -- it is a builder, not an array
    .sort(VariableSort.AlphabeticalAsc);

const annotation = (
  name: string,
  colour: string,
  expr: string,
  title: string,
  tags: string,
): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .expr(expr)
    .titleFormat(title)
    .tagKeys(tags)
    .step('60s');

/** A percentile of a histogram over the last minutes. */
export const quantile = (q: number, histogram: string, by = 'instance'): string =>
  `histogram_quantile(${q}, sum by (le, ${by}) (rate(${histogram}_bucket{${RECORDER}}[$__rate_interval])))`;
