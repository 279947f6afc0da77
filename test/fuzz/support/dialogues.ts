import { readCorpus } from '../target.ts';

/** What a camera says in one session: what it sends after the first request, after the second, and so on. */
export interface Dialogue {
  readonly name: string;
  readonly answers: readonly Buffer[];
}

const LENGTH_BYTES = 4;

/** The recorded dialogues, which a target could not take: they are for `fuzzDialogues`. */
export function readDialogues(): Dialogue[] {
  return readCorpus('dialogue').map(({ file, bytes }) => ({ name: file, answers: unpack(bytes) }));
}

/** As they are kept: each answer with its length in front. */
export function packDialogue(answers: readonly Buffer[]): Buffer {
  return Buffer.concat(
    answers.flatMap((answer) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(answer.length);
      return [length, answer];
    }),
  );
}

function unpack(bytes: Buffer): Buffer[] {
  const answers: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
    answers.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return answers;
}
