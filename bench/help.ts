import { FAULT_HELP } from './fleet/faults.ts';
import { PROFILES } from './fleet/profile.ts';

export const BENCH_HELP = `vigie bench [options]        (npm run bench -- [options])

How many cameras does this machine carry? Simulated cameras in a process of their own, the server as a user starts
it in another, and at the end every frame that was sent is looked for in the recorded files.

  --cameras N,N,…    how many, one run each (10,50,100,217)
  --each LIST        each count under each of these: plain, motion, sub-streams, s3, and several as in motion+s3
  --baseline WHO     the same cameras recorded by ffmpeg (one "ffmpeg -c copy -f segment" each), mediamtx, or both
  --search           then look for the largest count that holds, of everything named above
  --budget DURATION  begin no further run after so long (20m; 80s where no --cameras, --each or --search is given)
  --seconds N        measured, once everything is recorded (8)
  --settle N         seconds before that (3)

  --bitrate RATE     of each camera (4M)
  --gop DURATION     between key frames (2s)
  --size WxH         picture (1920x1080)
  --fps N            pictures a second (25)
  --codec CODEC      h264 or h265 (h264)
  --profile NAME     what they look at: ${PROFILES.join(', ')} (day)
  --aligned          key frames of all cameras at once: the worst case
  --transport HOW    tcp, udp, or rtmp, which is pushed (tcp)
  --sound            AAC beside the video, recorded
  --faults LIST      ${FAULT_HELP}

  --motion           with motion detection, on key frames; it takes five minutes to learn what is usual, and costs more
                     until then: --settle 330 measures what it has learnt
  --sub-streams      with motion detection, on a second stream of 640x360
  --viewers N        people who watch what was recorded a moment ago
  --seeks N          a second, to random moments
  --s3 URL           bring everything to an object store meanwhile: http://KEY:SECRET@HOST:PORT/BUCKET; what a run
                     brought is deleted after it, and nothing else. Files are of 20 s then: --settle 25 measures the
                     full rate. With --each it only says where
  --folder FOLDER    where recordings go for the time being (the system's temporary folder)

  --write-limit D    objective: 99 of 100 writes take no longer (100ms)
  --loop-limit D     objective: 99th percentile of how late a thread comes to what is due (100ms)
  --json FILE        the figures for a program
  --html FILE        a report with plots, in one file
  --markdown FILE    a table to paste: counts down, conditions and baselines across

The objective: every frame on disk once and in order, no gap, a second behind the cameras at most, and those limits.
Exit codes: 0 it held (with --search: some count under each condition), 1 it did not, 2 used wrongly.
`;
