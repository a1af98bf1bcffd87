import pino from 'pino';
import type { LogStream } from './logging.ts';

export interface LogOutput extends LogStream {
  /** Writes what has gathered; resolves also when nobody reads it, and when it takes longer than 1.5 seconds. */
  settle(): Promise<void>;
}

/** A line is written by then at the latest; kill -9 takes no more than this from the log. */
const FLUSH_MS = 50;
/** A reader who has taken nothing for so long is not waited for. */
const TURN_MS = 50;
const PATIENT_TURNS = 8;
/** How long `settle` waits for one who is slow: 1.5 seconds. */
const LONGEST_SETTLE_TURNS = 30;
/** Some sixty answers: beyond, what has gathered is written at once. */
const GATHERED_CHARACTERS = 16_384;
/** What waits for a reader; what comes beyond it is lost, and counted. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * Standard output, to which lines are written together: written one by one, they were a seventh of a profile
 * of the gate's decisions. They gather here and not in pino's stream, which measures all that has gathered
 * anew for each line. Whatever ends the process but a kill, what has gathered is written first, unless its
 * reader has stopped reading: whoever runs this server wants it to end, and to be started anew.
 */
export function createLogOutput(): LogOutput {
  // Its flush tells when all is written only if it waits for at least something.
  const output = pino.destination({
    ...{ dest: 1, sync: false, minLength: 1, maxLength: MAX_WAITING_BYTES },
  });
  const reader = watchReader(output);
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;
  const handOver = (to: LogStream = output) => {
    clearTimeout(timer);
    timer = undefined;
    const lines = gathered;
    gathered = '';
    if (lines === '') return;
    reader.isHandedSomething();
    to.write(lines);
  };
  const write = (line: string) => {
    gathered += line;
    if (gathered.length >= GATHERED_CHARACTERS) handOver();
    else timer ??= setTimeout(() => handOver(), FLUSH_MS).unref();
  };
  countLost(output, write);
  // Before the stream's own, which would wait. A thread waits in a write already, and an exit waits for its
  // threads: only this ends it.
  process.prependOnceListener('exit', () => {
    if (reader.isStuck()) process.kill(process.pid, 'SIGKILL');
  });
  // What the stream has, it has written by then; what begins to be written now must not wait for anything.
  process.once('exit', () => handOver(pino.destination({ dest: 1, sync: true })));

  return {
    write,
    // At its exit a process writes without waiting, again and again where the reader is gone (EPIPE): only
    // an ordinary write finds that out.
    settle: () =>
      new Promise((resolve) => {
        let turns = 0;
        const watch = setInterval(() => {
          turns += 1;
          if (turns === LONGEST_SETTLE_TURNS || reader.isStuck()) done();
        }, TURN_MS);
        const done = () => {
          clearInterval(watch);
          resolve();
        };
        handOver();
        output.flush(done);
      }),
  };
}

type Output = ReturnType<typeof pino.destination>;

/**
 * Whether what was handed over is being taken. Told by turns of the event loop, and not by a clock: one that was
 * busy for long has not heard yet that all is written.
 */
function watchReader(output: Output) {
  let turns = 0;
  let watch: NodeJS.Timeout | undefined;
  const isTaken = () => {
    turns = 0;
  };
  output.on('write', isTaken);
  output.on('drain', () => {
    isTaken();
    clearInterval(watch);
    watch = undefined;
  });
  return {
    isHandedSomething() {
      watch ??= setInterval(() => {
        turns += 1;
      }, TURN_MS).unref();
    },
    isStuck: () => turns >= PATIENT_TURNS,
  };
}

/** Says so when lines are read again. */
function countLost(output: Output, write: LogStream['write']): void {
  const log = pino({}, { write });
  let lost = 0;
  output.on('drop', (lines: string) => {
    lost += lines.split('\n').length - 1;
  });
  output.on('drain', () => {
    if (lost === 0) return;
    log.warn({ lost }, 'lines of this log were lost, because nobody read it');
    lost = 0;
  });
}
