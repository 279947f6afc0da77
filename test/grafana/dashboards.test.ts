import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS, dashboardText } from '../../grafana/source/dashboards.ts';
import { METRIC_WORDS } from '../../src/metric-words.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { everythingAsked, isPanel, queriesOf } from '../support/dashboards.ts';

const GRAFANA = new URL('../../grafana/', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, GRAFANA), 'utf8');
const metricsIn = (words: string): string[] =>
  [...words.matchAll(/\bvigie_[a-z0-9_]+/g)].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''));

describe.each(Object.entries(DASHBOARDS))('the dashboard %s', (name, dashboard) => {
  const panels = dashboard.panels ?? [];

  it('is what Grafana is given', () => {
    expect(text(`dashboards/${name}.json`)).toBe(dashboardText(dashboard));
  });

  it('can be read by whoever sees it for the first time', () => {
    expect(dashboard.description).toMatch(/\.$/);
    for (const panel of panels.filter(isPanel)) {
      expect(panel.title, name).toBeTruthy();
      expect(panel.description, panel.title).toMatch(/^[A-Z0-9].*[.]$/);
    }
  });

  it('has panels that each have a number, a place of their own, a unit and the chosen data source', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const panel of panels) {
      const { x, y, w, h } = panel.gridPos as { x: number; y: number; w: number; h: number };
      expect(x + w).toBeLessThanOrEqual(24);
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          expect(taken.has(`${row} ${column}`), `${panel.title} covers another one`).toBe(false);
          taken.add(`${row} ${column}`);
        }
      }
      if (!isPanel(panel)) continue;
      expect(panel.datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
      const axis = (panel.options as { yAxis?: { unit?: string } }).yAxis;
      expect(panel.fieldConfig?.defaults.unit ?? axis?.unit, panel.title).toBeTruthy();
      const targets = queriesOf(panel);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const target of targets) expect(target.datasource).toEqual(panel.datasource);
    }
  });
});

it('dashboards have an address of their own each, and nothing else lies beside them', () => {
  const uids = Object.values(DASHBOARDS).map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  expect(readdirSync(new URL('dashboards', GRAFANA)).toSorted()).toEqual(
    Object.keys(DASHBOARDS)
      .map((name) => `${name}.json`)
      .toSorted(),
  );
});

it('dashboards and rules ask for every metric that there is, and for no other', async () => {
  const metrics = new Metrics({ words: METRIC_WORDS, version: '1', cameras: [] });
  const { body } = await metrics.text();
  const there = new Set([...body.matchAll(/^# HELP (vigie_\w+)/gm)].map((match) => match[1]));
  const asked = new Set(
    [...everythingAsked().map(({ expr }) => expr), text('rules.yml'), text('rules.test.yml')].flatMap(
      metricsIn,
    ),
  );
  expect([...asked].filter((name) => !there.has(name))).toEqual([]);
  expect([...there].filter((name) => !asked.has(name as string))).toEqual([]);
});
