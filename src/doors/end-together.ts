import type { ServerResponse } from 'node:http';

/**
 * Ends answers that are written: those of one turn of the event loop together, when the turn has read every
 * request that had come. Sent one by one, each would wake anew the process that waits for them, a proxy or
 * somebody's service, which sleeps while the next is prepared; sent together, the first wakes it for all
 * (docs/decisions/0017).
 */
export function createEndTogether(): (answer: ServerResponse) => void {
  const leave = createDeparture();
  return (answer) => leave(answer, () => answer.end());
}

/** For answers that somebody else writes: called before, it has their `end` wait for the turn's others. */
export function createHoldEnd(): (answer: ServerResponse) => void {
  const leave = createDeparture();
  return (answer) => {
    const end = answer.end.bind(answer) as (...written: unknown[]) => unknown;
    let isEnding = false;
    answer.end = (...written: unknown[]) => {
      if (!isEnding) leave(answer, () => end(...written));
      isEnding = true;
      return answer;
    };
  };
}

interface Departure {
  readonly answer: ServerResponse;
  readonly end: () => void;
}

function createDeparture(): (answer: ServerResponse, end: () => void) => void {
  let waiting: Departure[] = [];
  const endAll = () => {
    const departures = waiting;
    waiting = [];
    for (const { answer, end } of departures) {
      // Whoever wrote it is not there any more to be told, and the others are to leave.
      try {
        end();
      } catch (error) {
        answer.destroy(error as Error);
      }
    }
  };
  return (answer, end) => {
    if (waiting.push({ answer, end }) === 1) setImmediate(endAll);
  };
}
