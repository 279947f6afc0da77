import { bytesText, type Finding, findingsAbout } from './finding.ts';
import type { Subject } from './subject.ts';

/** A clock that runs a little ahead of another one is no news. */
const AHEAD_MICROS = 60_000_000;

const { good, warning, bad } = findingsAbout('catalog');

/** What `inspectCatalog` says: handed in, so that it can be another database. */
export interface CatalogLook {
  readonly bytes: number;
  readonly whole: boolean;
  readonly problems: readonly string[];
  readonly newest: number | undefined;
}

/** Whether the catalog opens and holds together. */
export function checkCatalog(
  { config }: Subject,
  look: CatalogLook | undefined,
  nowMicros: number,
): readonly Finding[] {
  const { sqlite } = config.catalog;
  if (!look) return [good(`There is no catalog yet: it will be made at ${sqlite}.`)];
  const [first] = look.problems;
  if (first !== undefined) {
    return [
      bad(
        `The catalog ${sqlite} is not right: ${first.replace(/\.$/, '')}.`,
        'Stop the server, move the file aside or bring back a copy of it, and see vigie verify: the recordings themselves are not in it.',
      ),
    ];
  }
  const findings: Finding[] = [];
  if (look.newest !== undefined && look.newest > nowMicros + AHEAD_MICROS) {
    const hours = (look.newest - nowMicros) / 3_600_000_000;
    findings.push(
      warning(
        `The last recording is ${hours.toFixed(1)} h in the future: the clock was set back, or was ahead.`,
        'See that the clock is right before you record.',
      ),
    );
  }
  const read = look.whole ? 'holds together' : 'opens (read all of it: --deep)';
  findings.push(good(`The catalog, ${bytesText(look.bytes)}, ${read}.`));
  return findings;
}
