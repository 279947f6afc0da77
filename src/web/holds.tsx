import { type FormEvent, useState } from 'react';
import { failureText, fetchHolds, type HoldJson, putHold, releaseHold } from './api.ts';
import { dayText, type Millis, MINUTE, SECOND, timeText } from './moments.ts';
import { usePolling } from './use-polling.ts';

const LENGTHS: readonly (readonly [string, Millis])[] = [
  ['2 minutes', 2 * MINUTE],
  ['20 minutes', 20 * MINUTE],
  ['2 hours', 120 * MINUTE],
];

/** Footage of a camera that must not be deleted: what is held, and a way to hold what is shown. */
export function Holds({
  cameraId,
  playing,
}: {
  readonly cameraId: string;
  readonly playing: Millis | undefined;
}) {
  const [version, setVersion] = useState(0);
  const [form, setForm] = useState<'closed' | 'open'>('closed');
  const [notice, setNotice] = useState('');
  const { value } = usePolling(`${cameraId} ${version}`, 10 * SECOND, fetchHolds);
  const holds = (value ?? []).filter((hold) => hold.camera === cameraId && hold.active);

  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
      setNotice('');
      setForm('closed');
    } catch (error) {
      setNotice(failureText(error));
    }
    setVersion((before) => before + 1);
  };

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (playing === undefined) return;
    const data = new FormData(event.currentTarget);
    const field = (name: string): string => textOf(data, name);
    const half = Number(field('length')) / 2;
    const words = { reference: field('reference'), reason: field('reason'), author: field('author') };
    void attempt(() => putHold(cameraId, { from: playing - half, to: playing + half }, words));
  };

  return (
    <section className="holds" aria-label="Held footage">
      {holds.map((hold) => (
        <Held key={hold.id} hold={hold} onRelease={(by) => void attempt(() => releaseHold(hold.id, by))} />
      ))}
      {form === 'closed' ? (
        <button type="button" disabled={playing === undefined} onClick={() => setForm('open')}>
          Hold footage …
        </button>
      ) : (
        <form onSubmit={submit}>
          <select name="length" aria-label="How much around the moment that is shown">
            {LENGTHS.map(([text, millis]) => (
              <option key={millis} value={millis}>
                {text} around {playing === undefined ? 'this' : timeText(playing)}
              </option>
            ))}
          </select>
          <input name="reference" placeholder="Reference" required maxLength={200} />
          <input name="reason" placeholder="Why" required maxLength={2_000} />
          <input name="author" placeholder="Who asks" required maxLength={200} />
          <button type="submit">Hold</button>
          <button type="button" onClick={() => setForm('closed')}>
            Cancel
          </button>
        </form>
      )}
      {notice !== '' && (
        <span className="problem" role="alert">
          {notice}
        </span>
      )}
    </section>
  );
}

/** One that is in force. Releasing takes a name, as it ends up in the record. */
function Held({ hold, onRelease }: { readonly hold: HoldJson; readonly onRelease: (by: string) => void }) {
  const [asking, setAsking] = useState(false);
  const from = Date.parse(hold.from);
  const to = Date.parse(hold.to);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onRelease(textOf(new FormData(event.currentTarget), 'by'));
      }}
    >
      <span title={`${hold.reason} (${hold.author})`}>
        Held: {dayText(from)} {timeText(from)} – {timeText(to)}, {hold.reference}
      </span>
      {asking ? (
        <>
          <input name="by" placeholder="Released by" required maxLength={200} />
          <button type="submit">Release</button>
        </>
      ) : (
        <button type="button" onClick={() => setAsking(true)}>
          Release …
        </button>
      )}
    </form>
  );
}

function textOf(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value : '';
}
