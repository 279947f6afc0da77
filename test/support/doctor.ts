import { loadConfig } from '../../src/config/load.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import type { Subject } from '../../src/doctor/subject.ts';

/** What is to run: the lines of a configuration, which has to be right. */
export function subjectOf(lines: readonly string[], changes: Partial<Subject> = {}): Subject {
  const text = lines.join('\n');
  const result = loadConfig({ text, file: 'test.yaml', env: {} });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { config } = result;
  const cameras = config.cameras.filter(({ enabled }) => enabled).length;
  return { config, cameras, configFile: undefined, bitrateBps: 4_000_000, running: false, ...changes };
}

/** `bad: the sentence`, so that a test reads as what a person is told. */
export const told = (finding: Finding | undefined): string =>
  finding === undefined ? 'nothing' : `${finding.state}: ${finding.said}`;
