import { parseCommand } from '../../../src/rtmp/command.ts';
import { parseStreamName } from '../../../src/rtmp/stream-name.ts';
import { type FuzzTarget, hold } from '../target.ts';

/** A command message, after a byte that is odd where it comes as AMF3. */
export const target: FuzzTarget = {
  name: 'rtmp-command',
  tokens: [
    ...['connect', 'createStream', 'publish', 'play', 'deleteStream', 'FCUnpublish'].map((name) =>
      Buffer.concat([Buffer.of(2, 0, name.length), Buffer.from(name)]),
    ),
    ...['app', 'live', 'live/', 'gare?key=', '?key=a&key=b', '&', '\0\x03app\x02\0\x04live\0\0\x09', '\x05'],
  ],
  run(bytes) {
    const isAmf3 = ((bytes[0] ?? 0) & 1) === 1;
    const payload = bytes.subarray(1);
    const command = parseCommand(payload, isAmf3);
    switch (command.kind) {
      case 'problem':
        hold(/^[ -~]{10,80}$/.test(command.reason), 'what is wrong is said, in our words');
        return;
      case 'connect':
        hold(Number.isFinite(command.transaction), 'a transaction is a number');
        checkName(command.app, 'gare');
        return;
      case 'publish':
        checkName('live', command.name);
        return;
      case 'create-stream':
        hold(Number.isFinite(command.transaction), 'a transaction is a number');
        return;
      case 'play':
      case 'end':
      case 'other':
        return;
    }
  },
};

function checkName(app: string, text: string): void {
  const name = parseStreamName(app, text);
  if (!name) return;
  hold(/^[a-z0-9-]{1,64}$/.test(name.cameraId), 'a camera has an id');
  hold(name.key.length <= 512 && !name.key.includes('&'), 'a key is bounded');
}
