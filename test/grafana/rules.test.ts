import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeWith } from '../support/components.ts';
import { everythingAsked, filledIn } from '../support/dashboards.ts';
import { promtool } from '../support/promtool.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../grafana/${name}`, import.meta.url));

interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

interface Cases {
  readonly tests: readonly {
    readonly promql_expr_test: readonly {
      readonly expr: string;
      readonly exp_samples?: readonly { readonly labels: string }[];
    }[];
  }[];
}

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly for?: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly runbook?: string };
}

describeWith(['prometheus'], 'rules for Prometheus', () => {
  const text = readFileSync(pathOf('rules.yml'), 'utf8');
  const rules = (parse(text) as Rules).groups.flatMap((group) => group.rules);
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigie-rules-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are taken by it, with the configuration that names them', () => {
    expect(promtool(['check', 'rules', pathOf('rules.yml')])).toMatchObject({ ok: true });
    expect(promtool(['check', 'config', pathOf('prometheus.yml')])).toMatchObject({ ok: true });
  });

  it('say what is wrong, how bad it is, and what to do', () => {
    for (const { alert, labels, annotations } of rules) {
      if (alert === undefined) continue;
      expect(alert).toMatch(/^Vigie[A-Z]/);
      expect(labels?.severity, alert).toMatch(/^(warning|critical)$/);
      expect(annotations?.summary, alert).toMatch(/^.{20,160}\.$/);
      expect(annotations?.runbook, alert).toMatch(/^[^]{40,}\.$/);
    }
  });

  it('hold in the cases of rules.test.yml', () => {
    expect(promtool(['test', 'rules', pathOf('rules.test.yml')])).toMatchObject({ ok: true });
  });

  it('have a case each in which they fire, and alerts that wait have one in which they do not yet', () => {
    const cases = (parse(readFileSync(pathOf('rules.test.yml'), 'utf8')) as Cases).tests.flatMap(
      (test) => test.promql_expr_test,
    );
    for (const { alert, for: wait } of rules) {
      if (alert === undefined) continue;
      const fires = cases.some(({ exp_samples: samples = [] }) =>
        samples.some(({ labels }) => labels.includes(`alertname="${alert}"`)),
      );
      expect(fires, `${alert} fires`).toBe(true);
      const waits = cases.some(
        ({ expr, exp_samples: samples }) =>
          !samples && (expr.includes(`"${alert}"`) || expr === 'ALERTS{alertstate="firing"}'),
      );
      expect(wait === undefined || waits, `${alert} waits`).toBe(true);
    }
  });

  it('are written in a language that dashboards speak, too', () => {
    const values = {
      __rate_interval: '1m',
      __range: '1h',
      __interval: '15s',
      recorder: '.+',
      camera: 'quai',
    };
    const asked = everythingAsked().map(({ expr }, index) => ({
      ...{ record: `asked:${index}`, expr: filledIn(expr, values) },
    }));
    expect(asked.filter(({ expr }) => expr === '' || expr.includes('$'))).toEqual([]);
    const file = join(folder, 'asked.yml');
    writeFileSync(file, stringify({ groups: [{ name: 'asked', rules: asked }] }));
    expect(promtool(['check', 'rules', file])).toMatchObject({ ok: true });
  });
});
