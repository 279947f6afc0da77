import { formatDuration, parseDuration, parseRate, parseSize } from '../../../src/config/units.ts';
import { parseListen } from '../../../src/config/schema.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** Lengths of time, sizes, rates and addresses as people write them. */
export const target: FuzzTarget = {
  name: 'units',
  tokens: [
    'ms',
    's',
    'm',
    'h',
    'd',
    'GiB',
    'MB',
    'k',
    'M',
    '.',
    '-',
    ' ',
    '1e3',
    'constructor',
    '999999999999999',
    ':',
    '[::1]',
  ],
  run(bytes) {
    const text = bytes.toString('utf8');
    for (const parse of [parseDuration, parseSize, parseRate]) {
      const value = parse(text);
      hold(value === undefined || (Number.isSafeInteger(value) && value >= 0), `${value} is an amount`);
    }
    const micros = parseDuration(text);
    if (micros !== undefined)
      hold(parseDuration(formatDuration(micros)) === micros, 'a duration means what is shown');
    const listen = parseListen(text);
    hold(
      listen === undefined || (listen.port <= 65_535 && listen.host !== ''),
      'an address has host and port',
    );
  },
};
