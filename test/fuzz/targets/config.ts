import { loadConfig, problemText } from '../../../src/config/load.ts';
import { type FuzzTarget, hold } from '../target.ts';

const SECRET = 'gh7-Xq!zz';

/** Any text as the configuration file. */
export const target: FuzzTarget = {
  name: 'config',
  maxBytes: 32 * 1024,
  cost: 30,
  tokens: [
    ...[
      '\n',
      '  ',
      '- ',
      ': ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '|',
      '>',
      '&a ',
      '*a',
      '<<: *a',
      '!!set',
      '!!binary ',
      '---\n',
    ],
    ...[
      '...\n',
      '%YAML 1.1\n---\n',
      '? ',
      '#',
      '\t',
      '~',
      'null',
      '.nan',
      '.inf',
      '-0',
      '0x10',
      '1e400',
      '2026-11-24',
    ],
    ...[
      '${CAM_PW}',
      '${NOT_SET}',
      '${constructor}',
      'constructor',
      '__proto__',
      'toString',
      'cameras:',
      'source: rtsp://',
    ],
    ...['id: ', 'retention:', 'continuous: 40d', 'storage:', 's3:', 'rtmp:', 'é', '\u2028', '\0', '\ufeff'],
  ],
  run(bytes) {
    const result = loadConfig({ text: bytes.toString('utf8'), file: 'city.yaml', env: { CAM_PW: SECRET } });
    if (result.ok) {
      const { record, retention, cameras } = result.config;
      const numbers = [
        record.segmentMicros,
        record.fragmentMicros,
        record.bufferBytes,
        retention.maximumMicros,
      ];
      hold(
        numbers.every((number) => Number.isSafeInteger(number) && number > 0),
        'settings are integers',
      );
      hold(
        cameras.every(({ id }) => /^[a-z0-9-]{1,64}$/.test(id)),
        'ids are fit for paths',
      );
      hold(new Set(cameras.map(({ id }) => id)).size === cameras.length, 'ids are unique');
      return;
    }
    hold(result.problems.length > 0 && result.problems.length <= 50, 'what is wrong is said, in bounds');
    hold(result.more >= 0, 'and how much more there is');
    for (const problem of result.problems) {
      const text = problemText(problem);
      hold(problem.line >= 1 && problem.column >= 1, 'a problem has a place');
      hold(!text.includes(SECRET), `a secret is shown: ${text}`);
      hold(!text.includes('[native code]'), `a thing of the language is shown: ${text}`);
    }
  },
};
