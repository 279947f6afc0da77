import { useCallback, useEffect, useRef, useState } from 'react';
import { type CameraJson, failureText, fetchCameras, fetchTimeline } from './api.ts';
import icon from './icon.svg';
import { CameraList } from './camera-list.tsx';
import { Details } from './details.tsx';
import { movingNow } from './event-list.ts';
import { Events } from './events.tsx';
import { Holds } from './holds.tsx';
import { DAY, type Millis, SECOND, timeText } from './moments.ts';
import { Player, type PlayRequest } from './player.tsx';
import { StorageLine } from './storage-line.tsx';
import { latestPlayable, playableFrom } from './timeline/timeline-data.ts';
import { Timeline } from './timeline/timeline.tsx';
import type { Region } from './timeline/motion-data.ts';
import { useEvents } from './use-events.ts';
import { usePolling } from './use-polling.ts';

/** Far enough behind now that the group of pictures asked for is on disk. */
const BEHIND = 6 * SECOND;

export function App() {
  const { value: cameras, problem } = usePolling('cameras', 2 * SECOND, fetchCameras);
  const [selected, select] = useSelection(cameras);
  const { request, notice, play, playLatest } = usePlaying(selected?.id);
  const [playing, setPlaying] = useState<Millis>();

  const feed = useEvents();
  const [region, setRegion] = useState<Region>();
  /** Of another camera, which has to be selected first. */
  const wanted = useRef<Millis>(undefined);

  useEffect(() => {
    setPlaying(undefined);
    setRegion(undefined);
    const at = wanted.current;
    wanted.current = undefined;
    if (selected?.id === undefined) return;
    if (at === undefined) playLatest();
    else play(at);
  }, [selected?.id]);

  const playEvent = (camera: string, at: Millis): void => {
    if (camera === selected?.id) return play(at);
    wanted.current = at;
    select(camera);
  };

  return (
    <div className="app">
      <header>
        <img src={icon} alt="" width={26} height={26} />
        <h1>Vigie</h1>
        <span className="summary">{summary(cameras)}</span>
        <StorageLine />
        {problem !== undefined && (
          <span className="problem" role="alert">
            {problem}
          </span>
        )}
        <a href="/api/docs">API</a>
      </header>
      <CameraList
        cameras={cameras ?? []}
        selected={selected?.id}
        moving={movingNow(feed.events)}
        onSelect={select}
      />
      <main>
        {selected ? (
          <>
            <Player
              request={request}
              hasSound={selected.sound}
              notice={notice}
              onMoment={setPlaying}
              onPlay={play}
              onLatest={playLatest}
              region={region}
              onRegion={setRegion}
            />
            <Timeline
              key={selected.id}
              cameraId={selected.id}
              playing={playing}
              region={region}
              onSeek={play}
            />
            <Details camera={selected} playing={playing} />
            <Holds cameraId={selected.id} playing={playing} />
          </>
        ) : (
          <p className="notice">{cameras ? 'No camera is configured.' : 'Loading …'}</p>
        )}
      </main>
      {selected && <Events feed={feed} cameras={cameras ?? []} selected={selected.id} onPlay={playEvent} />}
    </div>
  );
}

function summary(cameras: readonly CameraJson[] | undefined): string {
  if (!cameras) return '';
  const recording = cameras.filter((camera) => camera.state === 'recording').length;
  return `${recording} of ${cameras.length} cameras recording`;
}

/** The selected camera is in the address, so that a reload or a link keeps it. */
function useSelection(cameras: readonly CameraJson[] | undefined) {
  const [id, setId] = useState(() => fromHash());
  useEffect(() => {
    const onHash = (): void => setId(fromHash());
    window.addEventListener('hashchange', onHash);
    return () => window.removeEventListener('hashchange', onHash);
  }, []);
  const selected = cameras?.find((camera) => camera.id === id) ?? cameras?.[0];
  const select = (next: string): void => {
    window.location.hash = encodeURIComponent(next);
  };
  return [selected, select] as const;
}

function fromHash(): string {
  try {
    return decodeURIComponent(window.location.hash.slice(1));
  } catch {
    return '';
  }
}

/** Turns a wish ("from 14:05 on") into something recorded, or into a sentence that says why not. */
function usePlaying(id: string | undefined) {
  const [request, setRequest] = useState<PlayRequest>();
  const [notice, setNotice] = useState('');

  const play = useCallback(
    (at: Millis) => {
      if (id === undefined) return;
      void attempt(setNotice, async (signal) => {
        const { recorded } = await fetchTimeline(id, { from: at, to: at + DAY }, SECOND / 10, signal);
        const from = playableFrom(recorded, at);
        if (from === undefined) return setNotice(`Nothing is recorded from ${timeText(at)} on.`);
        setNotice(
          from - at > SECOND ? `Nothing is recorded at ${timeText(at)}: going on at ${timeText(from)}.` : '',
        );
        setRequest({ cameraId: id, from });
      });
    },
    [id],
  );

  const playLatest = useCallback(() => {
    if (id === undefined) return;
    setRequest(undefined);
    void attempt(setNotice, async (signal) => {
      const now = Date.now();
      const { recorded } = await fetchTimeline(id, { from: now - DAY, to: now + DAY }, SECOND, signal);
      const from = latestPlayable(recorded, BEHIND);
      setNotice(from === undefined ? 'Nothing is recorded of the last day.' : '');
      if (from !== undefined) setRequest({ cameraId: id, from });
    });
  }, [id]);

  return { request, notice, play, playLatest };
}

async function attempt(
  setNotice: (notice: string) => void,
  task: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    await task(AbortSignal.timeout(10 * SECOND));
  } catch (error) {
    setNotice(failureText(error));
  }
}
